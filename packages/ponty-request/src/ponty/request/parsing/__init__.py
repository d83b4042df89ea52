"""Parsing: from the bytes of a JSON body to a value of a Python type.

::

    at import   type ── compiler ──┬── annotations ── classes (class_compiler) ──┬──> JSON Schema
                                   └── compiled_types, msgspec_path ─────────────┴──> CompiledType
    a request   bytes ──┬── msgspec_path ────────────────────────────────────┬──> value
                        └── JSON ── validation ── build (of compiled_types) ─┘

`parser` combines both: `msgspec_path` reads a body in one pass, if the type allows it. A body that it refuses, and a
body of any other type, is decoded, validated and built. `definitions` names the classes of a schema, and `formless`
makes the error of a type that has no form in JSON.
"""
