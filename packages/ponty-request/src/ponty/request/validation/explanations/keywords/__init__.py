"""Keywords: each makes a check from its value in a schema.

::

    a schema -> checks (-> walk, which the keywords all use) -> in_place                   at the same value
                                                             -> objects, arrays            into one
                                                             -> left_over                  at what the others left
                                                             -> the assertions             jsonschema-rs knows them
"""
