"""The shorter way for a body: msgspec decodes and checks it in one pass.

Most bodies are valid, and most types are plain. For a plain type, msgspec gets a form, so strict that whatever it
decodes is valid under the type's schema and means the same value. The reverse need not hold: `1.0` is an integer in
JSON Schema, but not for msgspec. A body that msgspec refuses, and a body of a type without such a form, goes the longer
way: it is decoded to plain JSON, validated and, if it is not valid, explained. So a form that is too strict only costs
time; one that is too lax would be wrong. `packages/ponty-request/tests/test_differential.py` looks for such forms.

Three steps lead from bytes to a value:

1. msgspec decodes the form; an object becomes a Struct, which admits no further property.
2. `read` checks and converts what msgspec does not: formats, enums, unique items. Up to here, a value may turn out not
   to be valid, so no constructor of a program has been called.
3. `make` calls the constructors. A value that they refuse is refused, as on the longer way.

For some types, msgspec makes the final values, so that nothing is left to read and to make: these are its *own* types.

::

    at import   class ── class_forms, keywords ──> MsgspecForm
                type ── own_types ──┬── own_constraints, plain_dataclasses ──> the type itself
                                    └── columns ──> the checks that are left
    a request   bytes ──┬── decoder ── read ── make ────────────────────────┬──> value
                        └── own_reader (paused_collection) ── columns ──────┘
"""
