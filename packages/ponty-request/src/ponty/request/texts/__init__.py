"""Texts: how values are written in a query, a path, a header, a cookie or a form.

::

    at import   type ── text_forms ──┬── plain_texts, for most ──> form, which reads values of the type
                                     └── parsing.compiler ──> schema ── scalar_texts, compiled_forms ──> form
                schema ── scalar_texts, text_parts ──> part, which reads JSON values, for queries and forms
                default ── text_defaults ──> a value of the type, or a TypeError
    a request   text ── converters, the form ──> value
    a client    value ── text_writing (member_texts: for the members of an object) ──> text
"""
