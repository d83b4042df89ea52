"""Annotations: what a program has written about the types of its fields, read without compiling them.

::

    class ── type_hints ──> types ── qualifiers ──> types without Final, Required and the like
    Annotated[type, ...] ──┬── annotation, constraints ──> keywords of JSON Schema
                           └── json_names ──> the names in JSON
    function ── written ──> its annotations, and its parameters
"""
