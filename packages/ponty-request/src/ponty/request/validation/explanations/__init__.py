"""Explanations: what is wrong with a value that is not valid, and where.

::

    when needed   a schema -> explainer -> keywords, type_tests -> checks
    a value       checks, alternatives, evaluated -> pointer (where), messages (what) -> InvalidField
"""
