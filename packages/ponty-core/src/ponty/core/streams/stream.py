"""One stream: the items of an async generator, sent while they are made.

One task runs the whole generator, from the first line to the last: the task that handles the request. So a generator
may hold a timeout, a task group or a context variable across a `yield`. The states of a stream:

- *unopened*: the generator runs towards its first item. The head of the answer is made, but not sent, so that an error
  can still be answered. It is sent with the first item, or after `OPEN_SECONDS`. If items need not be prompt, it is
  sent with the first batch.
- *open*: items are written. While the client does not take the data that waits for it, the generator is not asked for
  more. If the generator makes no items for a while, a heartbeat is sent.
- *ending*, for one of four reasons: the generator has *finished*, it has *failed*, the client has *left*, or the server
  *stops*. The last two cancel what the task waits for, as `asyncio.timeout` does, and take the cancellation back.
- *over*: the generator has run to its end, with its `finally`.

The rules:

- Each item is given to the connection as a whole, and in order. Items that are made without waiting are written
  together.
- When the server stops, the generator gets a `CancelledError`, at its `await` or its `yield`. It may then yield one
  last item. Whether the stream counts as complete depends on its kind (`WhenStopped`).
- When the client leaves, the generator gets a `CancelledError` at an `await`, or a `GeneratorExit` at a `yield`.
- If other code cancels the task, the generator is closed, and the cancellation goes on.

The generator is always closed, however the stream ends. A stream that failed never ends as if it were complete. At most
`BATCH_BYTES`, an item, and the connection's `BUFFER_BYTES` are in memory for a client that does not read. Items are
never mixed. A cancellation by the stream never outlives it.
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
"""Seconds for which the head waits for the first item."""

BATCH_BYTES = 2**14
"""The bytes of items that are collected before they are written, even if the generator does not wait."""

BUFFER_BYTES = 2**14
"""The most bytes that may wait in the connection before the generator has to wait."""

TAKE_SECONDS = 1.0
"""Seconds in which a client must take the rest of its data while the server stops."""

_Interruption = Literal["left", "stopped"]


class _ServerStops(PontyError):
    """The server stops, and nothing of the stream was sent."""

    status_code = 503


class Stream:
    """The answer to one request.

    Args:
        request: The request.
        items: The generator, which has not begun.
        framing: Encodes the items.
        options: The options for sending.
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
        """Whether the generator got the interruption, and has yielded nevertheless."""
        self._is_over = False
        """Whether the generator has finished by itself."""

    async def send(self) -> web.StreamResponse:
        """Send the stream, except for the end of the answer, which aiohttp sends.

        Raises:
            CutOff: The stream is not complete: the client has left, or the server stops.
            BaseException: The error of the generator.
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
                drop_head(self._request)  # another answer replaces this one
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
        """Start the timers and watchers of the stream; closing `watching` ends them."""
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
        # A generator that is stopping already is not interrupted in its cleanup.
        self._why = "left"

    def _stop(self) -> None:
        if self._why is None:
            self._interrupt("stopped")

    def _interrupt(self, why: _Interruption) -> None:
        self._why = why
        self._cancellations += 1
        assert self._task is not None  # noqa: S101 - interruptions only come after the start
        self._task.cancel()

    async def _relay(self) -> None:
        """Send the items of the generator until it ends or must end.

        Raises:
            CancelledError: The client has left, the server stops, or other code has cancelled the task.
            ClientLeft: A write has failed, since the client has left.
            BaseException: The error of the generator.
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
                await asyncio.sleep(0)  # so that other tasks run even if the generator never waits
            await self._make_room()
        self._is_over = True
        self._put(framing.end() if has_begun else framing.begin() + framing.end())

    async def _make_room(self) -> None:
        """Wait until the client has taken some of the waiting data."""
        while self._request.protocol.writing_paused:
            if has_left(self._request):
                raise ClientLeft
            # If a wait of aiohttp is cancelled, the next one fails. So it has a separate task, which ends with the
            # connection at the latest.
            if self._draining is None or self._draining.done():
                self._draining = self._loop.create_task(_end_quietly(self._writer.drain()))
            await asyncio.wait({self._draining})

    async def _finish(self, raised: BaseException | None) -> None:
        """Close the generator, and send the rest.

        Args:
            raised: The error that has ended the stream; None if it has ended or was interrupted by itself.

        Raises:
            CutOff: The stream is not complete.
            BaseException: `raised`, or an error of the generator that replaces it.
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
                    self._flush()  # the items before the error
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
        """Raise `CancelledError` in a generator that is at a `yield`, and send the value that it yields then."""
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
        """Leave the waiting data to be sent together with the end of the answer."""
        self._answer.rest = self._taken()

    async def _hand_over(self) -> None:
        """Wait until the client has taken the written data, for at most `TAKE_SECONDS`."""
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
        """Collect `data`, which is written in a moment, or with the next batch."""
        if data:
            self._waiting.append(data)
            self._size += len(data)
            if self._flushing is None and self._options.is_prompt:
                self._flushing = self._loop.call_soon(self._flush_by_itself)

    def _flush(self) -> None:
        """Write the waiting data.

        Raises:
            ClientLeft: The client has left.
        """
        data = self._taken()
        if data:
            self._written_at = self._loop.time()
            try:
                _at_once(self._writer.write(data, drain=False))
            except ConnectionError:
                raise ClientLeft from None

    def _taken(self) -> bytes:
        """Return the waiting data, and remove it."""
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
        """Send the head, although there is no item yet."""
        try:
            self._writer.send_headers()
        except ConnectionError:
            self._leave()

    def _beat(self) -> None:
        """Send a heartbeat if nothing else was sent for a while, and the client is reading."""
        seconds = self._options.beat_seconds
        assert seconds is not None  # noqa: S101 - otherwise there is no timer
        quiet = self._loop.time() - self._written_at
        is_due = quiet >= seconds - _RESOLUTION
        if is_due and not self._request.protocol.writing_paused:
            self._put(self._options.beat)
        if has_left(self._request):
            self._leave()
        else:
            self._beating = self._loop.call_later(seconds if is_due else seconds - quiet, self._beat)


_RESOLUTION = 0.001
"""The seconds by which a timer may be early."""


async def _end_quietly(draining: Coroutine[Any, Any, None]) -> None:
    """Wait for room, or for the end of the connection."""
    with contextlib.suppress(ConnectionError):
        await draining


def _at_once(writing: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that does not wait for anything."""
    try:
        writing.send(None)
    except StopIteration:
        return
    writing.close()
    raise RuntimeError("a write that must not wait has waited")
