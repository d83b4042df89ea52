"""Validation: JSON Schema.

::

    at import   schema_files ── a schema ── validator ── schemas: may it be faulty, and what decides?
    a request   JSON ── validator ── schemas: is it valid?
                          └── no: explanations: what is wrong, and where ──> InvalidField
"""
