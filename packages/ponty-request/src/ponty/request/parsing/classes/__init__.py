"""Classes: what dataclasses, Structs and the classes of attrs and pydantic say of their members, each in its own way.

::

    class ── members ──┬── attrs_classes, pydantic_types ──> members of one form
                       └── defaults ──> their defaults in JSON

`pydantic_types` compiles besides what pydantic alone reads. None of the libraries is imported for who does not use it.
"""
