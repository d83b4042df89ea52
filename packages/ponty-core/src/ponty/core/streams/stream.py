"""One stream: the items of an async generator, sent as they are made.

One task runs all of it, the one that handles the request, from the first line of the generator to the last; so what a
generator holds across a `yield` (a time-out, a task group, a context variable) is as it was. A stream is

- *unopened*: the generator runs towards its first item. The head of the answer is made and held back, so that an error
  still has an answer of its own. With the first item, or after `OPEN_SECONDS`, it is sent; where items need not be
  prompt, when there is a batch of them. Then the stream is
- *open*: items are written. While the client takes none of what waits for it, the generator is not asked for more; and
  when it makes none for long, a heartbeat is sent. Then the stream is
- *ending*, for one of four reasons. The generator has *finished*. It has *failed*. The client has *left*. Or the server
  *stops*. The last two cancel what the task waits for, as `asyncio.timeout` does, and take that cancellation back.
- *over*: the generator has run to its end, its `finally` included.

The rules:

- Each item is given to the connection whole, and in order. Items that are made without waiting are written together.
- The stop of the server reaches the generator as `CancelledError`, at its `await` or its `yield`. It may yield one last
  item then. Whether the stream counts as whole depends on its kind (`WhenStopped`).
- That the client has left reaches it as `CancelledError` at an `await`, and as `GeneratorExit` at a `yield`.
- Whoever else cancels the task is obeyed: the generator is closed, and the cancellation goes on.

What can never happen: a generator that is left open, on any way out; an end that says "this was all" of a stream that
failed; more than `BATCH_BYTES`, an item, and the connection's `BUFFER_BYTES` held for a client that does not read; an
item in the midst of another; a cancellation of ours that outlives the stream.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from types import AsyncGeneratorType
from typing import Any, Literal, cast

from aiohttp import hdrs, web
from aiohttp.http import StreamWriter

from ponty.core.errors.exceptions import PontyError
from ponty.core.lifecycle.stopping import when_stopping
from ponty.core.streams.framing import Framing, StreamOptions
from ponty.core.wire.departures import ClientLeft, CutOff, has_left, watch_departure
from ponty.core.wire.withheld_head import WithheldResponse, drop_head

OPEN_SECONDS = 0.25
"""How long the head waits for the first item."""

BATCH_BYTES = 2**14
"""From how many bytes on items are written, though the generator may have more at once."""

BUFFER_BYTES = 2**14
"""How many bytes may wait in the connection before the generator has to."""

TAKE_SECONDS = 1.0
"""How long a client may take nothing of what waits for it while the server stops."""

_Interruption = Literal["left", "stopped"]


class _ServerStops(PontyError):
    """The server stops, and nothing of the stream was sent."""

    status_code = 503


class Stream:
    """The answer to one request.

    Args:
        request: The request.
        items: The generator, which nobody has begun.
        framing: What the items look like.
        options: How it is sent.
    """

    def __init__(
        self, request: web.Request, items: AsyncIterator[Any], framing: Framing, options: StreamOptions
    ) -> None:
        self._request = request
        self._items = cast("AsyncGeneratorType[Any, Any]", items)
        self._framing = framing
        self._options = options
        self._answer = WithheldResponse(headers={hdrs.CONTENT_TYPE: options.content_type, **options.headers})
        self._writer = cast("StreamWriter", request.writer)
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []
        self._size = 0
        self._flushing: asyncio.Handle | None = None
        self._opening: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None
        self._draining: asyncio.Task[None] | None = None
        self._written_at = 0.0
        self._task: asyncio.Task[Any] | None = None
        self._why: _Interruption | None = None
        self._cancellations = 0
        self._is_told = False
        """The generator knows of the interruption, and has yielded all the same."""
        self._is_over = False
        """The generator has finished by itself."""

    async def send(self) -> web.StreamResponse:
        """Send it, but for the mark of its end, which is left to whoever takes the answer.

        Raises:
            CutOff: It is not whole: the client has left, or the server stops.
            BaseException: What the generator raises.
        """
        answer = self._answer
        try:
            await answer.prepare(self._request)
            if self._request.method == hdrs.METH_HEAD:
                await self._items.aclose()
            else:
                await self._run()
        except BaseException:
            if not self._writer.output_size:
                drop_head(self._request)  # for the answer that takes its place
            raise
        return answer

    async def _run(self) -> None:
        self._task = task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        others = task.cancelling()
        transport = self._request.transport
        if transport is None:
            raise ClientLeft
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        raised: BaseException | None = None
        try:
            with contextlib.ExitStack() as watching:
                self._watch(watching)
                await self._relay()
        except BaseException as error:  # noqa: BLE001 - raised when the generator is closed
            raised = error
        for _ in range(self._cancellations):
            task.uncancel()
        is_ours = self._cancellations > 0 and task.cancelling() <= others
        try:
            await self._finish(None if is_ours and isinstance(raised, asyncio.CancelledError) else raised)
        finally:
            if not transport.is_closing():
                transport.set_write_buffer_limits()

    def _watch(self, watching: contextlib.ExitStack) -> None:
        """Notice what happens, until `watching` is closed."""
        watching.callback(self._stop_timers)
        if self._options.is_prompt:
            self._opening = self._loop.call_later(OPEN_SECONDS, self._open)
        self._written_at = self._loop.time()
        if self._options.beat_seconds is not None:
            self._beating = self._loop.call_later(self._options.beat_seconds, self._beat)
        watching.callback(watch_departure(self._request, self._leave))
        if self._options.when_stopped != "finish":
            watching.callback(when_stopping(self._request, self._stop))

    def _stop_timers(self) -> None:
        for timer in (self._opening, self._beating, self._flushing):
            if timer is not None:
                timer.cancel()
        self._flushing = None

    def _leave(self) -> None:
        if self._why is None:
            self._interrupt("left")
        # A generator that is about to stop is not interrupted in what it cleans up.
        self._why = "left"

    def _stop(self) -> None:
        if self._why is None:
            self._interrupt("stopped")

    def _interrupt(self, why: _Interruption) -> None:
        self._why = why
        self._cancellations += 1
        assert self._task is not None  # noqa: S101 - nobody interrupts before
        self._task.cancel()

    async def _relay(self) -> None:
        """Send what the generator makes, until it ends or is to end.

        Raises:
            CancelledError: The client has left, the server stops, or somebody else wants an end.
            ClientLeft: A write has found out.
            BaseException: What the generator raises.
        """
        framing = self._framing
        has_begun = False
        async for value in self._items:
            self._is_told = self._why is not None
            if self._why == "left":
                return
            item = framing.item(value)
            self._put(item if has_begun else framing.begin() + item)
            has_begun = True
            if self._is_told:
                return
            if self._size >= BATCH_BYTES:
                self._flush()
                await asyncio.sleep(0)  # a generator that never waits lets others run
            await self._make_room()
        self._is_over = True
        self._put(framing.end() if has_begun else framing.begin() + framing.end())

    async def _make_room(self) -> None:
        """Wait until the client has taken some of what waits for it."""
        while self._request.protocol.writing_paused:
            if has_left(self._request):
                raise ClientLeft
            # A wait of aiohttp's that is cancelled fails the next one, so it has a task of its own, which ends with the
            # connection at the latest.
            if self._draining is None or self._draining.done():
                self._draining = self._loop.create_task(_end_quietly(self._writer.drain()))
            await asyncio.wait({self._draining})

    async def _finish(self, raised: BaseException | None) -> None:
        """Close the generator, and send what is left.

        Args:
            raised: What has ended the stream; None for its own end, and its own interruption.

        Raises:
            CutOff: It is not whole.
            BaseException: `raised`, or what the generator raises in its place.
        """
        has_stopped = raised is None and self._why == "stopped"
        try:
            if has_stopped and not self._is_told:
                await self._ask_for_last()
        finally:
            await self._items.aclose()
        if raised is not None:
            if self._options.is_prompt:
                with contextlib.suppress(ClientLeft):
                    self._flush()  # what came before the error
            raise raised
        if self._why == "left":
            raise ClientLeft
        if not has_stopped:
            self._leave_rest()
            return
        is_cut = self._options.when_stopped == "break" and not self._is_over
        if is_cut and not (self._writer.output_size or self._waiting):
            raise _ServerStops(headers={hdrs.RETRY_AFTER: "1"})
        self._put(self._options.last)
        await self._hand_over()
        if is_cut:
            self._flush()
            raise CutOff("the server stops")
        self._leave_rest()

    async def _ask_for_last(self) -> None:
        """Raise the stop in a generator that stands at a `yield`, and send what it yields then."""
        if self._items.ag_frame is None:
            return
        try:
            value = await self._items.athrow(asyncio.CancelledError())
        except StopAsyncIteration:
            self._is_over = True
            self._put(self._framing.end())
        except asyncio.CancelledError:
            if self._task is not None and self._task.cancelling():
                raise
        else:
            self._put(self._framing.item(value))

    def _leave_rest(self) -> None:
        """Have what waits sent together with the end."""
        self._answer.rest = self._taken()

    async def _hand_over(self) -> None:
        """Wait until the client has taken what was written, but not for long."""
        transport = self._request.transport
        if transport is None:
            raise ClientLeft
        transport.set_write_buffer_limits(high=0)
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                await self._make_room()
        except TimeoutError:
            transport.abort()
            raise ClientLeft from None

    def _put(self, data: bytes) -> None:
        """Have `data` written, in a moment."""
        if data:
            self._waiting.append(data)
            self._size += len(data)
            if self._flushing is None and self._options.is_prompt:
                self._flushing = self._loop.call_soon(self._flush_by_itself)

    def _flush(self) -> None:
        """Write what waits to be.

        Raises:
            ClientLeft: Nobody is there.
        """
        data = self._taken()
        if data:
            self._written_at = self._loop.time()
            try:
                _at_once(self._writer.write(data, drain=False))
            except ConnectionError:
                raise ClientLeft from None

    def _taken(self) -> bytes:
        """Take what waits to be written."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return data

    def _flush_by_itself(self) -> None:
        try:
            self._flush()
        except ClientLeft:
            self._leave()

    def _open(self) -> None:
        """Send the head, though there is no item yet."""
        try:
            self._writer.send_headers()
        except ConnectionError:
            self._leave()

    def _beat(self) -> None:
        """Send a heartbeat, where nothing else was sent for long, and the client takes what is sent."""
        seconds = self._options.beat_seconds
        assert seconds is not None  # noqa: S101 - without, nobody calls
        quiet = self._loop.time() - self._written_at
        is_due = quiet >= seconds - _RESOLUTION
        if is_due and not self._request.protocol.writing_paused:
            self._put(self._options.beat)
        if has_left(self._request):
            self._leave()
        else:
            self._beating = self._loop.call_later(seconds if is_due else seconds - quiet, self._beat)


_RESOLUTION = 0.001
"""By how many seconds a timer may be early."""


async def _end_quietly(draining: Coroutine[Any, Any, None]) -> None:
    """Wait for room, or for the end of the connection."""
    with contextlib.suppress(ConnectionError):
        await draining


def _at_once(writing: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        writing.send(None)
    except StopIteration:
        return
    writing.close()
    raise RuntimeError("a write that was not to wait has waited")
