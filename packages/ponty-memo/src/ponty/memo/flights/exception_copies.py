"""One failure, raised to many.

An exception collects the frames it is raised through, and the exception that was being handled where it is raised.
Raising one object in many tasks mixes all of that up, so each of those who wait gets a copy of its own, with the
traceback of the computation and nothing else.
"""

from typing import Any, cast

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement


def copy_of(error: BaseException) -> BaseException:
    """Return a copy of `error` that is equal in all its parts, or `error` itself where its class cannot be copied.

    No constructor of the error's own class is run: the part that is built in is built again, the attributes are copied.
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
    except Exception:  # noqa: BLE001 - a class may forbid what it likes
        return error
    copy.__cause__ = error.__cause__
    copy.__context__ = error.__context__
    copy.__suppress_context__ = error.__suppress_context__
    if (notes := error.__dict__.get("__notes__")) is not None:
        copy.__notes__ = list(notes)
    return copy
