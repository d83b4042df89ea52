"""Compiled types: for each JSON form that a type may have, its schema and what builds its values.

::

    parts, compiled ── scalars │ arrays │ objects │ unions ──> compiled_type: CompiledType

`collection_types` are the arrays and objects that are no list and no dict in Python, `class_arguments` what a class
takes that is built of an object. `hash_flooding` refuses what a client chose to make a set or a dict slow.
"""
