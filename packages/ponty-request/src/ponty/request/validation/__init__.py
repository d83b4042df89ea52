"""Validation: JSON Schema.

::

    at import   schema ── validator ──┬── jsonschema_rs_backend
                                      └── explainer ── alternatives
    a request   JSON ── validator ── valid?
                          └── no: explainer ── pointer, messages ──> InvalidField

`formats` are the texts that stand for values, which a schema checks and a type reads.
"""
