"""Classes: what dataclasses, Structs and the classes of attrs and pydantic say of their members, each in its own way.

::

    class ── kinds ──┬── members (attrs_classes) ── defaults ──> members of one form
                     └── pydantic_types ──> what pydantic alone reads, compiled

The modules of attrs and of pydantic are imported with the first class of theirs.
"""
