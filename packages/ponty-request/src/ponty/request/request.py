"""`Request`, the base class of requests: it collects the fields of a class, holds their values, and sends them."""

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast, overload

from ponty.request.client.endpoint import Called, Endpoint
from ponty.request.fields.base import Field
from ponty.request.fields.plan import Plan, make_plan, quoted

if TYPE_CHECKING:
    from yarl import URL

    from ponty.request.client.answers import Answer
    from ponty.request.client.sending import Session

_T = TypeVar("_T")


class Request:
    """Base class of requests: each class variable that is a field reads one part of the HTTP request.

    ::

        class ListOrders(Request):
            customer = PosIntRouteParameter()
            page = PosIntQueryParameter(default=1)

        assert ListOrders(customer=7, page=1).customer == 7

    Fields are inherited. A subclass may replace a field, or remove it by setting the name to None. Other attributes and
    methods are up to the subclass.

    An instance has the value of each field as an attribute. `expect` makes instances from HTTP requests; tests and
    clients make them from values, `HelloReq(name="ann")`. Fields with a default may be left out, and read as that
    default. Fields that read nothing from the client may be left out, too.

    If the class has an `Endpoint`, call `send` to send an instance to it.

    Raises:
        TypeError: A value is given for a name that is not a field, or a field without a default has no value.
    """

    __fields__: ClassVar[Mapping[str, Field[Any]]] = types.MappingProxyType({})
    __plan__: ClassVar[Plan] = make_plan("Request", {})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        members = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
        # Not with `isinstance`: `Field` is an abstract base class, so that would run Python code for each attribute.
        fields = {name: value for name, value in members.items() if Field in type(value).__mro__}
        for name, value in vars(cls).items():
            if isinstance(value, Endpoint) and name != "endpoint":
                raise TypeError(f"{cls.__qualname__}.{name}: the Endpoint of a class must be its attribute `endpoint`")
            nested = f"{cls.__qualname__}.{name}"
            if isinstance(value, type) and issubclass(value, Field) and value.__qualname__ != nested:
                raise TypeError(f"{nested}: {value.__qualname__} is a class of fields; write {value.__qualname__}(…)")
        for name, field in fields.items():
            if name.startswith("__"):
                raise TypeError(f"{cls.__qualname__}.{name}: a field's name must not begin with two underscores")
            if field.name != name:
                raise TypeError(
                    f"{cls.__qualname__}.{name}: the field's own `name` is {field.name!r} already; "
                    "give each name a field of its own"
                )
        cls.__fields__ = types.MappingProxyType(fields)
        cls.__plan__ = make_plan(cls.__qualname__, fields)
        _check_streams(cls.__qualname__, cls.__plan__)
        if isinstance(endpoint := getattr(cls, "endpoint", None), Endpoint):
            endpoint.check(cls.__qualname__, fields)

    def __init__(self, /, **values: object) -> None:
        fields = self.__fields__
        if values.keys() != fields.keys():
            place = type(self).__qualname__
            if values.keys() - fields.keys():
                raise TypeError(f"{place}() takes {quoted(fields) or 'nothing'}, not {quoted(values)}")
            if missing := [name for name in fields.keys() - values.keys() if not _may_be_left_out(fields, name)]:
                raise TypeError(f"{place}() lacks {quoted(missing)}; it takes {quoted(fields)}")
        vars(self).update(values)

    @overload
    async def send(
        self: Called[_T],
        session: "Session",
        *,
        whole: Literal[False] = False,
        base_url: "str | URL | None" = None,
        headers: Mapping[str, str] | None = None,
    ) -> _T: ...
    @overload
    async def send(
        self: Called[_T],
        session: "Session",
        *,
        whole: Literal[True],
        base_url: "str | URL | None" = None,
        headers: Mapping[str, str] | None = None,
        earlier: "Answer[_T] | None" = None,
    ) -> "Answer[_T]": ...
    async def send(
        self: Called[_T],
        session: "Session",
        *,
        whole: bool = False,
        base_url: "str | URL | None" = None,
        headers: Mapping[str, str] | None = None,
        earlier: "Answer[_T] | None" = None,
    ) -> "_T | Answer[_T]":
        """Send the request to the `endpoint` of its class, and return the value of the answer.

        ::

            async def orders(customer: int) -> list[Order]:
                async with lease_http_client("orders") as session:
                    return await ListOrders(customer=customer).send(session)

        Fields that were left out are not sent. A value is sent only if its field would read it as the same value. The
        answer must be valid for the type that the endpoint returns; members that this type does not have are ignored.
        Redirects are not followed.

        Args:
            session: The session, preferably a leased one; its limits, timeouts and headers apply. In a test, pass the
                client of the application.
            whole: Whether to return an `Answer`, with the status and the headers, instead of the value.
            base_url: The address of the service, instead of the session's own `base_url`.
            headers: Further headers.
            earlier: An earlier answer to the same request. Its entity tag is sent; if the service answers that it still
                holds, the value is the earlier one.

        Raises:
            NotSendable: A value cannot be sent; the message names the field.
            PontyError: The service has raised an error; it has its own class if the endpoint lists that.
            UnexpectedAnswer: The answer is neither a value nor an error of the endpoint.
            TypeError: The class has no `endpoint`.
            aiohttp.ClientError: No complete answer arrived.
            TimeoutError: The answer did not arrive in time.
        """
        from ponty.request.client.sending import Caller  # noqa: PLC0415 - most servers send no requests

        cls: Any = type(self)
        endpoint: object = getattr(cls, "endpoint", None)
        if not isinstance(endpoint, Endpoint):
            raise TypeError(f"{cls.__qualname__} has no endpoint; write endpoint = Endpoint(method, path, …)")
        if "__caller__" not in vars(cls):
            cls.__caller__ = Caller(cls.__qualname__, cls.__fields__, endpoint)
        caller: Caller = cls.__caller__
        answered = await caller.send(vars(self), session, base_url=base_url, headers=headers, earlier=earlier)
        if endpoint.stream is not None or whole:
            return cast("_T", answered)
        return cast("_T", answered.value)


def _may_be_left_out(fields: Mapping[str, Field[Any]], name: str) -> bool:
    """Return whether a request may lack a field: it has a default, or reads nothing that a client sends."""
    field = fields[name]
    try:
        field.absent()
    except LookupError:
        named = {id(other) for other in fields.values()}
        return _is_of_the_server(field, named)
    return True


def _is_of_the_server(field: Field[Any], named: set[int]) -> bool:
    if field.is_sent or field.describe() is not None:
        return False
    return all(id(used) in named or _is_of_the_server(used, named) for used in field.uses.values())


def _check_streams(place: str, plan: Plan) -> None:
    for streamed in plan.steps:
        if streamed.field.takes_stream:
            for other in plan.steps:
                if other is not streamed and (told := other.describe()) is not None and told.location == "body":
                    raise TypeError(
                        f"{place}: {streamed.name!r} reads the body as it arrives, so {other.name!r} cannot read it too"
                    )
