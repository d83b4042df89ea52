"""Classes of attrs: the arguments of their constructors, and the attributes that a constructor has refused.

Such a class is known by its marks, so that attrs is not imported for others. Its `__init__` runs converters and
validators one after the other; when one refuses a value, it does not say for which attribute. So after a refusal they
are run once more, one by one, to report all refusals at their places.
"""

import dataclasses
import inspect
import sys
import typing
from collections.abc import Mapping
from typing import Any

from ponty.request.parsing.compiled_types.compiled_type import REFUSALS, Faults


def arguments_of(cls: Any) -> dict[str, Any]:
    """Return the attributes that the constructor takes, each by the name of the argument."""
    return {attribute.alias: attribute for attribute in cls.__attrs_attrs__ if attribute.init}


def default_of(attribute: Any) -> tuple[Any, Any]:
    """Return the default of an attribute, and its factory; `dataclasses.MISSING` for the one that does not exist.

    A factory that takes the instance is returned as None.
    """
    default, missing = attribute.default, dataclasses.MISSING
    if default is sys.modules["attr"].NOTHING:
        return missing, missing
    return (missing, None if default.takes_self else default.factory) if has_factory(attribute) else (default, missing)


def has_factory(attribute: Any) -> bool:
    """Return whether the default of an attribute is made anew for each instance."""
    return isinstance(attribute.default, sys.modules["attr"].Factory)


def taken_type(attribute: Any, hint: Any) -> Any:
    """Return the type that the constructor takes: the one that a converter takes, or else the attribute's own.

    Args:
        attribute: The attribute.
        hint: Its own type.
    """
    converter = attribute.converter
    if converter is None or isinstance(converter, type):
        return hint
    function = getattr(converter, "converter", converter)
    try:
        first = next(iter(inspect.signature(function).parameters))
        return typing.get_type_hints(function, include_extras=True).get(first, hint)
    except (TypeError, ValueError, NameError, AttributeError, StopIteration):
        return hint  # the converter does not say what it takes


class AttrsConstructor:
    """Makes instances of a class of attrs.

    Args:
        cls: The class.
        keys: The names in JSON of the arguments.
    """

    def __init__(self, cls: Any, keys: Mapping[str, str]) -> None:
        self._cls = cls
        self._keys = keys
        self._names = [*inspect.signature(cls).parameters]

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Make an instance.

        Raises:
            ConstructionError: Converters or validators have refused values; it names their places.
            ValueError: The class has refused the values as a whole.
        """
        try:
            return self._cls(*values, **named)
        except REFUSALS:
            self._raise_each({**dict(zip(self._names, values, strict=False)), **named})
            raise

    def _raise_each(self, named: Mapping[str, Any]) -> None:
        instance: Any = object.__new__(self._cls)
        faults = Faults()
        valid: list[Any] = []
        for attribute in self._cls.__attrs_attrs__:
            try:
                value = _converted(attribute, _given(attribute, named, instance), instance)
            except REFUSALS as error:
                faults.add(self._keys.get(attribute.alias, attribute.name), error)
            except Exception:  # noqa: BLE001, S112 - it follows from a refused value, which is reported
                continue
            else:
                object.__setattr__(instance, attribute.name, value)
                valid.append(attribute)
        for attribute in valid:
            if attribute.validator is None:
                continue
            try:
                attribute.validator(instance, attribute, getattr(instance, attribute.name))
            except REFUSALS as error:
                faults.add(self._keys.get(attribute.alias, attribute.name), error)
            except Exception:  # noqa: BLE001, S112 - likewise
                continue
        faults.raise_any()


def _given(attribute: Any, named: Mapping[str, Any], instance: Any) -> Any:
    if attribute.init and named.get(attribute.alias, attribute.default) is not attribute.default:
        return named[attribute.alias]
    if has_factory(attribute):
        return attribute.default.factory(*([instance] if attribute.default.takes_self else []))
    return attribute.default


def _converted(attribute: Any, value: Any, instance: Any) -> Any:
    converter = attribute.converter
    if converter is None:
        return value
    if hasattr(converter, "takes_self"):  # attrs.Converter
        more = [instance] * converter.takes_self + [attribute] * converter.takes_field
        return converter.converter(value, *more)
    return converter(value)
