"""The annotations and parameters of functions as they are written, where Python evaluates annotations late.

From Python 3.14 on, an annotation is evaluated when it is read. A name that is imported only for type checkers does not
exist then. Such an annotation stays as it is written, and nobody guesses its type.
"""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any


def written_annotations(function: Any) -> Mapping[str, Any]:
    """Return the annotations of a function, by the names of its parameters."""
    try:
        return getattr(function, "__annotations__", {})
    except NameError:
        read: Any = inspect.get_annotations
        found: Mapping[str, Any] = read(function, format=_as_written())
        return found


def written_signature(function: Any) -> inspect.Signature:
    """Return the signature of a function.

    Raises:
        TypeError: The object is not callable.
        ValueError: Python does not know its signature.
    """
    try:
        return inspect.signature(function)
    except NameError:
        read: Any = inspect.signature
        found: inspect.Signature = read(function, annotation_format=_as_written())
        return found


def _as_written() -> Any:
    """Return the format that leaves annotations alone if they cannot be evaluated; Python 3.14 and later have it."""
    return importlib.import_module("annotationlib").Format.FORWARDREF
