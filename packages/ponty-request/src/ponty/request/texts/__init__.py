"""Texts: how values are written in a query, a path, a header, a cookie or a form.

::

    at import   type ── parsing.compiler ──> schema ──┬── scalar_texts, compiled_forms ──> what reads a value of a type
                    (plain_texts of most)             └── scalar_texts, text_parts ──> what reads a JSON value
                default ── text_defaults ──> a value of the type, or a TypeError
    a request   text ── converters, the form ──> value
"""
