"""The types that the annotations of a class stand for.

An annotation may be a string (as all are under `from __future__ import annotations`), name a class that is local to a
function, or hold type variables of a base. Each is evaluated where it was written: in the module of the class that
owns it, and in the running functions around that class.
"""

import inspect
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from ponty.request.content.json_decoder import Json

JSON: Any = Json
"""The alias of JSON values, which refers to itself by a string."""

TypeVariables = Mapping[object, Any]
"""The types that type variables stand for."""


def origin_and_variables(tp: Any) -> tuple[type, dict[type, TypeVariables]]:
    """Return the class of `tp`, which may be parametrized, and what the type variables of its bases stand for."""
    cls = typing.get_origin(tp) or tp
    variables: dict[type, TypeVariables] = {}

    def walk(base: type, arguments: tuple[Any, ...]) -> None:
        parameters = getattr(base, "__parameters__", ())
        if any(isinstance(parameter, typing.TypeVarTuple) for parameter in parameters):
            raise TypeError(f"{base.__qualname__}: a class with a TypeVarTuple has no form in JSON")
        own: dict[object, Any] = dict(zip(parameters, arguments, strict=False))
        variables.setdefault(base, own)
        for parent in vars(base).get("__orig_bases__", base.__bases__):
            parent_class = typing.get_origin(parent) or parent
            if isinstance(parent_class, type) and parent_class is not object and parent_class is not typing.Generic:
                walk(parent_class, tuple(substitute(argument, own) for argument in typing.get_args(parent)))

    walk(cls, typing.get_args(tp))
    return cls, variables


def substitute(tp: Any, variables: TypeVariables) -> Any:
    """Return `tp` with its type variables replaced by the types that they stand for."""
    if isinstance(tp, typing.TypeVar):
        return variables.get(tp, tp)
    parameters = getattr(tp, "__parameters__", ())
    if parameters and not isinstance(tp, type) and any(parameter in variables for parameter in parameters):
        return tp[tuple(variables.get(parameter, parameter) for parameter in parameters)]
    return tp


def resolve_hints(tp: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return the types of the fields `names` of a class, which may be parametrized.

    Raises:
        TypeError: A name in an annotation cannot be found.
    """
    cls, variables = origin_and_variables(tp)
    owners = [(owner, inspect.get_annotations(owner)) for owner in _owners(cls, variables)]
    hints: dict[str, Any] = {}
    for name in names:
        for owner, annotations in owners:
            if name in annotations:
                if type(annotations[name]) is type:  # the usual case
                    hints[name] = annotations[name]
                    break
                hints[name] = substitute(_evaluate(owner, name, annotations[name]), variables.get(owner, {}))
                break
        else:
            hints[name] = Any  # a namedtuple of collections has no annotations
    return hints


def _owners(cls: type, variables: Iterable[type]) -> Iterable[Any]:
    """Return the classes that may have annotated a field.

    A TypedDict has the annotations of its bases, but no bases in its `__mro__`; an annotation belongs to the first
    class that has it.
    """
    if issubclass(cls, dict):
        return reversed([*variables])
    # What a class annotates without being a dataclass is not a field of a dataclass.
    is_dataclass = hasattr(cls, "__dataclass_fields__")
    return [owner for owner in cls.__mro__ if not is_dataclass or "__dataclass_fields__" in vars(owner)]


def alias_value(alias: Any, arguments: tuple[Any, ...]) -> Any:
    """Return the type that an alias (PEP 695) stands for.

    Raises:
        TypeError: A name in it cannot be found.
    """
    value = _evaluated(alias.__name__, alias.__value__, alias.__module__, {})
    return substitute(value, dict(zip(alias.__type_params__, arguments, strict=False)))


def _evaluate(owner: Any, name: str, annotation: object) -> Any:
    if _is_evaluated(annotation):
        return annotation
    parameters = {parameter.__name__: parameter for parameter in getattr(owner, "__type_params__", ())}
    here = {**_locals_around(owner), **parameters, owner.__name__: owner}
    return _evaluated(f"{owner.__qualname__}.{name}", annotation, owner.__module__, here)


def _is_evaluated(annotation: object) -> bool:
    """Return whether an annotation surely is a type already: it contains no text, and no name for JSON."""
    if isinstance(annotation, type) or annotation is Ellipsis:
        return True
    if not isinstance(annotation, types.GenericAlias | types.UnionType):
        return False
    return all(map(_is_evaluated, annotation.__args__))


def _evaluated(place: str, annotation: Any, module_name: str | None, here: Mapping[str, Any]) -> Any:
    module = sys.modules.get(module_name or "")
    names: dict[str, Any] = {} if module is None else vars(module)
    if annotation == JSON:
        return Any
    if names.get("Json", JSON) == JSON:
        here = {"Json": Any, **here}  # the name by which it refers to itself
    # A module may have thousands of names; they are copied only if evaluating would add one to them.
    globals_ = names if "__builtins__" in names else {**names}
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, globals_, {**here}, include_extras=True)["it"]
    except (NameError, AttributeError, SyntaxError) as error:
        raise TypeError(f"{place}: the annotation {annotation!r} cannot be resolved: {error}") from None


def _locals_around(cls: type) -> dict[str, Any]:
    """Return the local variables of the running functions in which `cls` is defined."""
    enclosing = cls.__qualname__.split(".<locals>.")[:-1]
    names = {".<locals>.".join(enclosing[:count]) for count in range(1, len(enclosing) + 1)}
    found: list[dict[str, Any]] = []
    frame = inspect.currentframe() if names else None
    while frame is not None:
        if frame.f_code.co_qualname in names and frame.f_globals.get("__name__") == cls.__module__:
            found.append(frame.f_locals)
        frame = frame.f_back
    return {name: value for scope in reversed(found) for name, value in scope.items()}
