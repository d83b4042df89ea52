"""Classes: the members of dataclasses, Structs, classes of attrs and models of pydantic, each read in its own way.

::

    class ── kinds ──┬── members (attrs_classes) ── defaults ──> members in one form
                     └── pydantic_types ──> types that only pydantic reads, compiled

The modules of attrs and of pydantic are imported with the first class of these libraries.
"""
