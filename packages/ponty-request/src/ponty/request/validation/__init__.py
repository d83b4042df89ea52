"""Validation: JSON Schema.

::

    at import   schema_files ── schema ── validator ──┬── jsonschema_rs_backend ──> valid?
                                                      └── documents (dialects) ── explainer ──> keywords ──> checks
    a request   JSON ── validator ── valid?
                          └── no: checks, alternatives, evaluated ── pointer, messages ──> InvalidField

`formats` are the texts that stand for values, which a schema checks and a type reads.
"""
