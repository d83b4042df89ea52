"""Dataclasses whose instances may be made without a call: there is nothing of a program's own to run.

Such a class is made by its generated `__init__`, which sets each field as an attribute, and nothing else. What sets the
attributes itself makes the same instance, and may throw it away again, which nobody has seen.
"""

import dataclasses
import inspect
from typing import Any


def is_plain_dataclass(cls: Any) -> bool:
    """Return whether making an instance of a dataclass is nothing but setting its fields."""
    if "__dataclass_params__" not in vars(cls) or hasattr(cls, "__post_init__"):
        return False
    if type(cls).__call__ is not type.__call__ or cls.__new__ is not object.__new__:
        return False
    is_frozen: bool = cls.__dataclass_params__.frozen
    if not is_frozen and cls.__setattr__ is not object.__setattr__:
        return False
    fields = dataclasses.fields(cls)
    if any(not field.init or _is_managed(cls, field.name) for field in fields):
        return False
    return _code(cls.__init__) == _code(_twin(fields, is_frozen=is_frozen).__init__)


def _is_managed(cls: type, name: str) -> bool:
    """Return whether a descriptor, other than that of a slot, has a say in what an attribute is."""
    held = inspect.getattr_static(cls, name, None)
    return not inspect.ismemberdescriptor(held) and hasattr(type(held), "__set__")


def _twin(fields: "tuple[dataclasses.Field[Any], ...]", *, is_frozen: bool) -> Any:
    """Make a dataclass of the same fields, to see what is generated for them."""
    made: list[Any] = []
    for field in fields:
        default: dict[str, Any] = {}
        if field.default is not dataclasses.MISSING:
            default["default"] = field.default
        if field.default_factory is not dataclasses.MISSING:
            default["default_factory"] = field.default_factory
        made.append((field.name, Any, dataclasses.field(kw_only=bool(field.kw_only), **default)))
    return dataclasses.make_dataclass("Twin", made, frozen=is_frozen)


def _code(function: Any) -> object:
    """Return the code of a generated function, to compare it with another's; None if it is no function of Python's."""
    code = getattr(function, "__code__", None)
    return code and (code.co_code, code.co_names, code.co_consts, code.co_varnames, code.co_freevars)
