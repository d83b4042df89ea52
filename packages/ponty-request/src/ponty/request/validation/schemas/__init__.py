"""Schemas: what they mean, and whether a value is valid under them.

::

    a schema -> sure_schemas (may it be faulty?) -> documents (those it refers to) -> dialects (the draft of each)
    a value  -> jsonschema_rs_backend (by formats) -> valid?

`formats` has the texts that stand for values: a schema checks them, and a type reads them.
"""
