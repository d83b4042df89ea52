"""The annotations and signatures of functions, also if an annotation cannot be evaluated.

On Python 3.14 and later, an annotation is evaluated when it is first read, and fails if it uses a name that is imported
only for type checkers. Such an annotation is returned as an unevaluated forward reference.
"""

from collections.abc import Mapping
from typing import Any

from ponty.memo.lazy_imports import inspect


def written_annotations(function: Any) -> Mapping[str, Any]:
    """Return the annotations of a function by name."""
    try:
        return getattr(function, "__annotations__", {})
    except NameError:
        read: Any = inspect.get_annotations
        found: Mapping[str, Any] = read(function, format=_as_written())
        return found


def written_signature(function: Any, *, follow_wrapped: bool = True) -> "inspect.Signature":
    """Return the signature of a function.

    Args:
        function: The function.
        follow_wrapped: Whether to return the signature of the wrapped function, if `function` is a wrapper.

    Raises:
        TypeError: `function` is not callable.
        ValueError: The function has no signature that can be found.
    """
    try:
        return inspect.signature(function, follow_wrapped=follow_wrapped)
    except NameError:
        read: Any = inspect.signature
        found: inspect.Signature = read(function, follow_wrapped=follow_wrapped, annotation_format=_as_written())
        return found


def _as_written() -> Any:
    """Return the format that keeps unknown names as forward references; it is needed only on Python 3.14 and later."""
    import importlib  # noqa: PLC0415 - as late as the module that it imports

    return importlib.import_module("annotationlib").Format.FORWARDREF
