"""Validation: JSON Schema.

::

    at import   schema_files ── schema ── validator ── sure_schemas ──> may it be faulty?
                                              └── yes: jsonschema_rs_backend
    when needed                           validator ──┬── jsonschema_rs_backend ──> valid?
                                                      └── documents (dialects) ── explainer ──> keywords ──> checks
    a request   JSON ── validator ── valid?
                          └── no: checks, alternatives, evaluated ── pointer, messages ──> InvalidField

`formats` are the texts that stand for values, which a schema checks and a type reads.
"""
