"""`accept_socket`: a handler becomes one side of a conversation over a websocket."""

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
    """The messages of a websocket: the attribute `__ponty_answer__` of its handler, for descriptions.

    Args:
        takes: The type of the messages of the client.
        sends: The type of those that it is sent; None where it was not given.
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
    """Hold a conversation over a websocket: the decorated function takes a `Socket`, and what a handler takes besides.

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

    Fields, guards and scopes come before the handshake is answered, so a request that they refuse has a problem
    document for an answer, and no websocket. A message is one JSON text. When the function returns, the websocket is
    closed. When the client leaves, the iteration over the socket ends; a function that has not ended five seconds later
    is cancelled. When the server stops, the websocket is closed with 1001. An error of the function is logged, and
    closes it with 1011.

    Args:
        takes: The type of the client's messages, validated as a body is.
        sends: The type of the messages that it is sent: a limit, as that of `render_json`. None for any that encode.
        invalid: With "answer", a message that is not valid is answered by a problem document, and the function does not
            see it. With "close", it closes the websocket with 1007.
        origins: The origins whose pages may open it, beside those of the site itself; `"*"` is any, which is right
            where no cookie says who the client is.
        max_size: How many bytes a message may have; a larger one closes it with 1009.
        rate: How many messages a client may send in a second; one more closes it with 1008. None for any number.
        heartbeat: After how many seconds of silence the client is sent a ping, whose answer has half as long. None for
            never.
        protocols: The subprotocols there are, the best first.
        compress: Whether messages are compressed where the client can. It costs some 300 KB for each.

    Raises:
        TypeError: The function is not a coroutine function, or takes no socket, or a type has no form in JSON, or
            `origins` is no list.
        ValueError: An argument makes no sense.
    """
    if invalid not in {"answer", "close"}:
        raise ValueError(f"@accept_socket: invalid is 'answer' or 'close', not {invalid!r}")
    for name, value in (("max_size", max_size), ("rate", rate), ("heartbeat", heartbeat)):
        if value is not None and not value > 0:
            raise ValueError(f"@accept_socket: {name} is more than 0, not {value!r}")
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
        raise TypeError(f"@accept_socket: {name!r} takes no socket; it is the first argument")
    left = signature.replace(parameters=parameters[1:])

    def bind(*args: Any, **kwargs: Any) -> Callable[[Socket[Any, Any]], Awaitable[None]]:
        return lambda socket: handler(socket, *args, **kwargs)

    async def hold(request: web.Request, bound: Callable[[Socket[Any, Any]], Awaitable[None]]) -> web.StreamResponse:
        return await Conversation(request, messages, options).hold(bound)

    @functools.wraps(handler)
    async def respond(*args: Any, **kwargs: Any) -> web.StreamResponse:
        request = args[0] if args else None
        if not isinstance(request, web.Request):
            raise TypeError(f"@accept_socket on {name!r} stands directly below @expect, or takes the request")
        return await hold(request, bind(*args, **kwargs))

    # Both are asked what they take: what a handler takes, but for the socket.
    vars(respond)["__signature__"] = vars(bind)["__signature__"] = left
    bind.__annotations__ = {name: value for name, value in annotations_of(handler).items() if name != first.name}
    bind.__qualname__ = name
    respond.__ponty_streamed__ = (respond, bind, hold)  # type: ignore[attr-defined]
    respond.__ponty_answer__ = answer  # type: ignore[attr-defined]
    return respond
