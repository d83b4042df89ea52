"""`accept_socket`: makes a handler one side of a conversation over a websocket."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, overload

import msgspec
from aiohttp import web

from ponty.request.fields.base import annotations_of
from ponty.request.parsing.annotations.written import written_signature
from ponty.request.sockets.conversation import Conversation, SocketOptions
from ponty.request.sockets.handshake import check_origins
from ponty.request.sockets.messages import Messages
from ponty.request.sockets.socket import Socket

_P = ParamSpec("_P")
_In = TypeVar("_In")
_Out = TypeVar("_Out")

_Accepted = Callable[_P, Coroutine[Any, Any, web.StreamResponse]]


class Conversing(msgspec.Struct, frozen=True):
    """The types of a websocket's messages: the attribute `__ponty_answer__` of its handler, for descriptions.

    Args:
        takes: The type of the client's messages.
        sends: The type of the server's messages; None if it was not given.
        status: The status of the answer to the handshake.
    """

    takes: Any
    sends: Any = None
    status: int = 101


@overload
def accept_socket(
    takes: type[_In],
    sends: type[_Out],
    *,
    invalid: Literal["answer", "close"] = "answer",
    origins: Sequence[str] = (),
    max_size: int = 2**16,
    rate: float | None = 50,
    heartbeat: float | None = 20,
    protocols: Sequence[str] = (),
    compress: bool = False,
) -> Callable[[Callable[Concatenate[Socket[_In, _Out], _P], Awaitable[None]]], _Accepted[_P]]: ...
@overload
def accept_socket(
    takes: Any,
    sends: Any = None,
    *,
    invalid: Literal["answer", "close"] = "answer",
    origins: Sequence[str] = (),
    max_size: int = 2**16,
    rate: float | None = 50,
    heartbeat: float | None = 20,
    protocols: Sequence[str] = (),
    compress: bool = False,
) -> Callable[[Callable[Concatenate[Socket[Any, Any], _P], Awaitable[None]]], _Accepted[_P]]: ...
def accept_socket(
    takes: Any,
    sends: Any = None,
    *,
    invalid: Literal["answer", "close"] = "answer",
    origins: Sequence[str] = (),
    max_size: int = 2**16,
    rate: float | None = 50,
    heartbeat: float | None = 20,
    protocols: Sequence[str] = (),
    compress: bool = False,
) -> Any:
    """Hold a conversation over a websocket with the decorated function, whose first argument is a `Socket`.

    ::

        @dataclasses.dataclass
        class Add:
            number: int

        class Sum(Request):
            start = PosIntQueryParameter(default=0)

        @websocket("/sum")
        @expect(Sum)
        @accept_socket(Add, int)
        async def add(socket: Socket[Add, int], start: int) -> None:
            async for message in socket:
                start += message.number
                await socket.send(start)

    The other arguments are those of a handler. Fields, guards and scopes are read before the handshake is answered, so
    a request that they refuse gets a problem document, and no websocket. A message is one JSON text.

    - When the function returns, the websocket is closed.
    - When the client leaves, the iteration over the socket ends. If the function has not ended five seconds later, it
      is cancelled.
    - When the server stops, the websocket is closed with 1001.
    - When the function raises an error, the error is logged, and the websocket is closed with 1011.

    Args:
        takes: The type of the client's messages, which are validated as bodies are.
        sends: The type of the server's messages. As with `render_json`, members that the type does not have are not
            sent. None, the default, sends any value that can be encoded.
        invalid: With "answer", the default, a message that is not valid is answered with a problem document, and the
            function does not see it. With "close", it closes the websocket with 1007.
        origins: The origins whose pages may open the websocket, besides those of the site itself. `"*"` allows any; use
            it only if no cookie says who the client is.
        max_size: The most bytes of a message, 64 KiB by default; a larger one closes the websocket with 1009.
        rate: The most messages that a client may send in a second, 50 by default; one more closes the websocket with
            1008. None for no limit.
        heartbeat: The seconds of silence after which the client is sent a ping, 20 by default; it has half that time to
            answer. None for no pings.
        protocols: The subprotocols that the server supports, the best first.
        compress: Whether messages are compressed, if the client supports it. This costs some 300 KB for each websocket.

    Raises:
        TypeError: The function is not a coroutine function, or takes no socket; a type has no form in JSON; or
            `origins` is not a list.
        ValueError: An argument is not valid, or JSON cannot hold a default.
    """
    if invalid not in {"answer", "close"}:
        raise ValueError(f"@accept_socket: invalid is 'answer' or 'close', not {invalid!r}")
    for name, value in (("max_size", max_size), ("rate", rate), ("heartbeat", heartbeat)):
        if value is not None and not value > 0:
            raise ValueError(f"@accept_socket: {name} must be more than 0, not {value!r}")
    messages = Messages(takes, sends)
    options = SocketOptions(
        invalid=invalid,
        origins=check_origins(origins),
        max_size=max_size,
        rate=rate,
        heartbeat=heartbeat,
        protocols=tuple(protocols),
        compress=compress,
    )

    def decorate(handler: Any) -> Any:
        return _accepting(handler, Conversing(takes, sends), messages, options)

    return decorate


def _accepting(handler: Any, answer: Conversing, messages: Messages, options: SocketOptions) -> Any:
    name = getattr(handler, "__qualname__", repr(handler))
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(f"@accept_socket: {name!r} is not a coroutine function (async def)")
    signature = written_signature(handler)
    parameters = [*signature.parameters.values()]
    first = parameters[0] if parameters else None
    if first is None or first.kind not in {first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD}:
        raise TypeError(f"@accept_socket: {name!r} must take the socket as its first argument")
    left = signature.replace(parameters=parameters[1:])

    def bind(*args: Any, **kwargs: Any) -> Callable[[Socket[Any, Any]], Awaitable[None]]:
        return lambda socket: handler(socket, *args, **kwargs)

    async def hold(request: web.Request, bound: Callable[[Socket[Any, Any]], Awaitable[None]]) -> web.StreamResponse:
        return await Conversation(request, messages, options).hold(bound)

    @functools.wraps(handler)
    async def respond(*args: Any, **kwargs: Any) -> web.StreamResponse:
        request = args[0] if args else None
        if not isinstance(request, web.Request):
            raise TypeError(f"@accept_socket on {name!r} must stand directly below @expect, or take the request")
        return await hold(request, bind(*args, **kwargs))

    # `expect` inspects both: they show the parameters of the handler, without the socket.
    vars(respond)["__signature__"] = vars(bind)["__signature__"] = left
    bind.__annotations__ = {name: value for name, value in annotations_of(handler).items() if name != first.name}
    bind.__qualname__ = name
    respond.__ponty_streamed__ = (respond, bind, hold)  # type: ignore[attr-defined]
    respond.__ponty_answer__ = answer  # type: ignore[attr-defined]
    return respond
