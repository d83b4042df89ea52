"""Copies of an exception, one for each caller.

An exception object collects the frames that it is raised through, and the exception that is being handled where it is
raised. If one object was raised in many tasks, these would be mixed up. So each caller that waits gets a copy, with the
traceback of the computation and nothing else.
"""

from typing import Any, cast

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement


def copy_of(error: BaseException) -> BaseException:
    """Return a copy of `error` with the same state, or `error` itself if its class cannot be copied.

    The constructor of a user's class is not called: the built-in base is made anew, and the attributes are copied.
    """
    cls = type(error)
    builtin = next(base for base in cls.__mro__ if not base.__flags__ & _HEAP_TYPE)
    try:
        recipe = cast("Any", builtin).__reduce__(error)
        copy: BaseException = cast("Any", builtin).__new__(cls, *recipe[1])
        cast("Any", builtin).__init__(copy, *recipe[1])
        copy.args = error.args
        copy.__dict__.update(error.__dict__)
        for base in cls.__mro__:
            slots = base.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                if slot not in {"__dict__", "__weakref__"} and hasattr(error, slot):
                    setattr(copy, slot, getattr(error, slot))
        for name in ("name", "obj", "path"):  # of AttributeError, NameError and ImportError, outside their arguments
            if name not in copy.__dict__ and getattr(error, name, None) != getattr(copy, name, None):
                setattr(copy, name, getattr(error, name))
    except Exception:  # noqa: BLE001 - a class can refuse any of these steps with any exception
        return error
    copy.__cause__ = error.__cause__
    copy.__context__ = error.__context__
    copy.__suppress_context__ = error.__suppress_context__
    if (notes := error.__dict__.get("__notes__")) is not None:
        copy.__notes__ = list(notes)
    return copy
