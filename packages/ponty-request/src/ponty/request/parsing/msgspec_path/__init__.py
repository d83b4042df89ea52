"""The shorter way of a body: msgspec decodes and checks it in one pass.

Most bodies are good, and most types are plain. For a plain type msgspec is given a form of its own, so strict that
whatever it decodes is valid under the type's schema and stands for the same value. The reverse need not hold: `1.0` is
an integer in JSON Schema, but not for msgspec. What msgspec refuses, and every type without such a form, goes the
longer way: it is decoded to plain JSON, validated and, where it is not valid, explained. So a form that is too strict
costs time and nothing else; one that is too lax would be wrong. `packages/ponty-request/tests/test_differential.py`
looks for such.

Three steps lead from bytes to a value:

1. msgspec decodes the form; of an object it makes a Struct, which has room for no further property.
2. `read` checks and reads what msgspec does not: formats, enums, unique items. Up to here a value may turn out not to
   be valid, so no constructor of a program has been called.
3. `make` calls the constructors. What these refuse is refused, as on the longer way.

Of some types msgspec makes the very values, so that nothing is left to read and to make: these are its *own*.

::

    at import   class ── class_forms, keywords ──> MsgspecForm
                type ── own_types ──┬── own_constraints, plain_dataclasses ──> the type itself
                                    └── columns ──> what is left to see to
    a request   bytes ──┬── decoder ── read ── make ────────────────────────┬──> value
                        └── own_reader (paused_collection) ── columns ──────┘
"""
