"""Records of what was done under a key: written by who holds the key, and kept for their lifetime.

::

    local_records, redis.records -> held_record
                                 -> locks

A cache may lose a value at any time, and computes it again. A record says that something has happened which must not
happen again, so nothing here goes on without its store, and nothing is stored by who has lost the key.
"""
