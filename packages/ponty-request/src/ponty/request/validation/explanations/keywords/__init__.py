"""Keywords: each makes a check of its value in a schema.

::

    a schema -> checks (-> walk, what a keyword needs of it) -> in_place                   at the same value
                                                             -> objects, arrays            into one
                                                             -> left_over                  at what all others left
                                                             -> the assertions             jsonschema-rs knows them
"""
