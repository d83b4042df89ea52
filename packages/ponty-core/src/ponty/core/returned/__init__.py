"""What of a value is sent, by the type that its handler declares.

::

    at import:    a type  -> returned_type -> compiler (-> members) -> parts, objects (-> forms, types of msgspec's)
    for a value:  a value -> returned_type -> its form, in one pass; else part by part -> what is sent of it

`is_type` tells a decorator that was given such a type from one that stands bare above a function.
"""
