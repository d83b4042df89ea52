"""Schemas: what one says, and whether a value is valid by it.

::

    a schema -> sure_schemas (may it be faulty?) -> documents (those it refers to) -> dialects (the draft of each)
    a value  -> jsonschema_rs_backend (by formats) -> valid?

`formats` are the texts that stand for values, which a schema checks and a type reads.
"""
