"""Texts: how values are written in a query, a path, a header, a cookie or a form.

::

    at import   type ── text_forms ──┬── plain_texts, of most ──> form: what reads a value of the type
                                     └── parsing.compiler ──> schema ── scalar_texts, compiled_forms ──> the same
                schema ── scalar_texts, text_parts ──> what reads a JSON value, for queries and forms
                default ── text_defaults ──> a value of the type, or a TypeError
    a request   text ── converters, the form ──> value
    a client    value ── text_writing (member_texts: of an object's members) ──> text
"""
