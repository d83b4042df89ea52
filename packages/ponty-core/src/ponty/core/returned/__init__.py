"""Returned values: the declared type of a handler decides which parts of its value are sent.

::

    at import:    a type  -> returned_type -> compiler (-> members) -> part, parts, objects (-> forms, msgspec types)
    for a value:  a value -> returned_type -> by its form, in one pass; otherwise part by part -> what is sent

`is_type` tells a decorator that was called with a type from a bare decorator, which was called with a function.
"""
