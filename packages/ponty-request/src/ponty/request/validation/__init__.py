"""Validation: JSON Schema.

::

    at import   schema_files ── a schema ── validator ── schemas: is it a valid schema itself?
    a request   JSON ── validator ── schemas: is it valid?
                          └── no: explanations: what is wrong, and where ──> InvalidField
"""
