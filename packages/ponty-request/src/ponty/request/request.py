"""`Request`, a class of fields: what an instance holds, and the plan by which its fields are read."""

import types
from collections.abc import Mapping
from typing import Any, ClassVar

from ponty.request.fields.base import Field
from ponty.request.plan import Plan, make_plan, quoted


class Request:
    """Base class of requests: its class variables that are fields each take one part of the HTTP request.

    ::

        class ListOrders(Request):
            customer = PosIntRouteParameter()
            page = PosIntQueryParameter(default=1)

        assert ListOrders(customer=7, page=1).customer == 7

    Fields are inherited; a subclass may put another in the place of one, or take one away by setting the name to
    None. Other attributes and methods are the subclass's own.

    An instance holds the value of each field under its name. `expect` makes them of HTTP requests; a test makes one
    of values, `HelloReq(name="ann")`.

    Raises:
        TypeError: The values given and the fields do not match one to one.
    """

    __fields__: ClassVar[Mapping[str, Field[Any]]] = types.MappingProxyType({})
    __plan__: ClassVar[Plan] = make_plan("Request", {})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        members = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
        fields = {name: value for name, value in members.items() if isinstance(value, Field)}
        for name, value in vars(cls).items():
            nested = f"{cls.__qualname__}.{name}"
            if isinstance(value, type) and issubclass(value, Field) and value.__qualname__ != nested:
                raise TypeError(f"{nested}: {value.__qualname__} is a class of fields; write {value.__qualname__}(…)")
        for name, field in fields.items():
            if name.startswith("__"):
                raise TypeError(f"{cls.__qualname__}.{name}: a field's name does not begin with two underscores")
            if field.name != name:
                raise TypeError(
                    f"{cls.__qualname__}.{name}: the field's own `name` is {field.name!r} already; "
                    "give each name a field of its own"
                )
        cls.__fields__ = types.MappingProxyType(fields)
        cls.__plan__ = make_plan(cls.__qualname__, fields)
        _check_streams(cls.__qualname__, cls.__plan__)

    def __init__(self, /, **values: object) -> None:
        names = self.__fields__.keys()
        if values.keys() != names:
            raise TypeError(f"{type(self).__qualname__}() takes {quoted(names)}, not {quoted(values) or 'nothing'}")
        vars(self).update(values)


def _check_streams(place: str, plan: Plan) -> None:
    for streamed in plan.steps:
        if streamed.field.takes_stream:
            for other in plan.steps:
                if other is not streamed and (told := other.describe()) is not None and told.location == "body":
                    raise TypeError(
                        f"{place}: {streamed.name!r} reads the body as it arrives, so {other.name!r} cannot read it too"
                    )
