"""Parsing: from the bytes of a JSON body to a value of a Python type.

::

    at import   type ── type_hints ── compiler ──┬──> JSON Schema ── defaults, annotation
                                                 └──> CompiledType ── scalars │ arrays │ objects │ unions
    a request   bytes ──┬── msgspec_path ───────────────────────────────┬──> value
                        └── JSON ── validation ── build (hash_flooding) ┘

`parser` holds both: a body is read by `msgspec_path` in one pass where the type allows it; what that refuses, and every
other type, is decoded, validated and built.
"""
