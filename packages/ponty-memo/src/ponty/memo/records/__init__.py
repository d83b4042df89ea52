"""Records of what was done under a key: the holder of the key writes a record, and it is kept for its lifetime.

::

    local_records, redis.records -> held_record
                                 -> locks

A cache may lose a value at any time, and computes it again. A record says that something has happened that must not
happen again. So without the store, nothing is done; and a holder that has lost the key cannot write.
"""
