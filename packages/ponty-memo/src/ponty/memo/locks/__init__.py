"""One holder per key, in this process and among all who share a store of sentinels. Locks know of no caches.

::

    lock -> acquisition -> fair_queue (in this process) -> sentinel_store (among processes) -> lease (kept alive)

`shared_state` is what all locks over one store have in common, and `pending_releases` what still has to be given back
when a program ends.
"""
