"""Dataclasses whose instances may be made without a call, since no code of the program would run.

Such a class has the generated `__init__`, which does nothing but set each field as an attribute. Setting the attributes
directly makes the same instance; if this is thrown away again, nobody has seen it.
"""

import dataclasses
import inspect
from typing import Any


def is_plain_dataclass(cls: Any) -> bool:
    """Return whether making an instance of a dataclass does nothing but set its fields."""
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
    """Return whether a descriptor, other than that of a slot, controls an attribute."""
    held = inspect.getattr_static(cls, name, None)
    return not inspect.ismemberdescriptor(held) and hasattr(type(held), "__set__")


def _twin(fields: "tuple[dataclasses.Field[Any], ...]", *, is_frozen: bool) -> Any:
    """Make a dataclass with the same fields, to see the code that is generated for them."""
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
    """Return the code of a generated function, to compare it with another; None if it is no Python function."""
    code = getattr(function, "__code__", None)
    return code and (code.co_code, code.co_names, code.co_consts, code.co_varnames, code.co_freevars)
