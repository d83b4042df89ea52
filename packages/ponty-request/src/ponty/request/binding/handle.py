"""`handle`: the server's side of a class with an endpoint, made from the same record as the client's side."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack, overload

from aiohttp import web
from aiohttp.typedefs import Middleware

from ponty.core import Reply, Routes, render_json, routes
from ponty.request.binding.expect import expect
from ponty.request.client.endpoint import Called, Endpoint
from ponty.request.request import Request

if TYPE_CHECKING:
    from ponty.request.client.items import Items

_T = TypeVar("_T")

_Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


_STATED_BY_ENDPOINT = frozenset({"envelope", "etag", "mimetype", "raises", "returns", "status", "stream"})
"""The options of the decorators that only an endpoint may state, so that both ends have the same."""


class HandleOptions(TypedDict, total=False):
    """The options of `handle`: those of its route and of `expect`."""

    table: Routes
    whole: bool
    others: Literal["ignore", "refuse"]
    name: str | None
    max_size: int | None
    summary: str | None
    description: str | None
    tags: Sequence[str]
    deprecated: bool
    hidden: bool
    operation_id: str | None
    middlewares: Sequence[Middleware]


@overload
def handle(  # type: ignore[overload-overlap]  # the items of a stream are no value to return
    cls: "type[Called[Items[_T]]]", **options: Unpack[HandleOptions]
) -> Callable[[Callable[..., AsyncIterator[_T]]], _Handler]: ...
@overload
def handle(
    cls: type[Called[_T]], **options: Unpack[HandleOptions]
) -> Callable[[Callable[..., Awaitable[_T | Reply[_T]]]], _Handler]: ...
def handle(cls: Any, **options: Unpack[HandleOptions]) -> Callable[[Callable[..., Any]], _Handler]:
    """Answer the requests of a class at its endpoint, with the decorated coroutine function.

    ::

        class ShowStock(Request):
            endpoint = Endpoint("GET", "/stock/{item}", returns=int)
            item = StringRouteParameter()

        @handle(ShowStock)
        async def show_stock(item: str) -> int:
            return {"mug": 3}.get(item, 0)

    It combines `route`, `expect` and `render_json` (for a stream, `render_lines` or `render_events`). Their arguments
    come from the endpoint, so that a client of the class and its server always agree.

    Args:
        cls: The class; it has an `endpoint`.
        **options: `table` is the table of routes; by default the one that `get` and the like use. `whole` and `others`
            are those of `expect`. All others are those of `Routes.route`.

    Raises:
        TypeError: The class has no endpoint, or an option is one that the endpoint states. The errors of the decorators
            that it combines are raised, too.
    """
    endpoint: object = getattr(cls, "endpoint", None)
    if not (isinstance(cls, type) and issubclass(cls, Request) and isinstance(endpoint, Endpoint)):
        raise TypeError(f"@handle takes a class with an endpoint, not {getattr(cls, '__qualname__', cls)!r}")
    known: Endpoint[Any] = endpoint
    if stated := sorted(_STATED_BY_ENDPOINT.intersection(options)):
        raise TypeError(
            f"@handle({cls.__qualname__}): give {', '.join(stated)} to the Endpoint, which callers read too"
        )
    further: dict[str, Any] = dict(options)
    table: Routes = further.pop("table", routes)
    bound: dict[str, Any] = {name: further.pop(name) for name in ("whole", "others") if name in further}
    route = table.route(known.method, known.route_path(cls.__fields__), raises=known.raises, **further)
    expecting: Any = expect(cls, mimetype=known.mimetype, **bound)
    render = _renderer(known)

    def decorate(handler: Callable[..., Any]) -> _Handler:
        answer: _Handler = expecting(render(handler))
        return route(answer)

    return decorate


def _renderer(endpoint: Endpoint[Any]) -> Callable[[Any], Any]:
    match endpoint.stream:
        case "lines":
            from ponty.core import render_lines  # noqa: PLC0415 - most programs stream nothing

            return render_lines(endpoint.returns)
        case "events":
            from ponty.core import render_events  # noqa: PLC0415 - likewise

            return render_events(endpoint.returns)
        case _:
            envelope = endpoint.envelope is not False
            decorate: Any = render_json(endpoint.returns, status=endpoint.status, envelope=envelope, etag=endpoint.etag)
            return decorate  # type: ignore[no-any-return]
