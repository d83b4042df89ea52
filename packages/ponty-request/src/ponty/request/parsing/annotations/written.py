"""The annotations and parameters of functions as they are written, where Python evaluates annotations late.

From Python 3.14 on, an annotation is evaluated when somebody reads it. A name that is imported for type checkers alone
is not there then. Such an annotation stays as it is written, and nobody guesses what it is.
"""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any


def written_annotations(function: Any) -> Mapping[str, Any]:
    """Return the annotations of a function by their names."""
    try:
        return getattr(function, "__annotations__", {})
    except NameError:
        read: Any = inspect.get_annotations
        found: Mapping[str, Any] = read(function, format=_as_written())
        return found


def written_signature(function: Any) -> inspect.Signature:
    """Return the signature of a function.

    Raises:
        TypeError: It has none.
        ValueError: It has none that can be told.
    """
    try:
        return inspect.signature(function)
    except NameError:
        read: Any = inspect.signature
        found: inspect.Signature = read(function, annotation_format=_as_written())
        return found


def _as_written() -> Any:
    """Return the format in which what cannot be evaluated stays as it is; only Python 3.14 and later ask for it."""
    return importlib.import_module("annotationlib").Format.FORWARDREF
