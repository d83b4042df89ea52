"""Parsing: from the bytes of a JSON body to a value of a Python type.

::

    at import   type ── compiler ──┬── annotations ── classes (class_compiler) ──┬──> JSON Schema
                                   └── compiled_types, msgspec_path ─────────────┴──> CompiledType
    a request   bytes ──┬── msgspec_path ────────────────────────────────────┬──> value
                        └── JSON ── validation ── build (of compiled_types) ─┘

`parser` holds both: a body is read by `msgspec_path` in one pass where the type allows it; what that refuses, and every
other type, is decoded, validated and built. `definitions` names the classes of a schema, and `formless` says of a type
that it has no form in JSON.
"""
