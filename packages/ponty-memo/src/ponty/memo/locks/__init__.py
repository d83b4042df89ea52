"""One holder per key, in this process and in all processes that share a store of sentinels.

A *sentinel* is the mark in a store that a key is held. Locks know nothing of caches.

::

    lock -> acquisition -> fair_queue (in this process) -> sentinel_store (among processes) -> lease (kept alive)

`shared_state` has the state that all locks over one store share, and `pending_releases` the locks that still have to be
released when a program ends.
"""
