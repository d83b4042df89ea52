"""Compiled types: for each JSON form that a type may have, its schema and the function that builds its values.

::

    parts, compiled ── scalars │ arrays │ objects │ unions ──> compiled_type: CompiledType

`collection_types` has the collections other than list and dict that are arrays and objects in JSON. `class_arguments`
has the arguments of a class that is built from an object. `hash_flooding` refuses values that a client chose to make a
set or a dict slow.
"""
