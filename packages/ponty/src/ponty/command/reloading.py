"""`ponty run --reload`: a new process starts beside the old one, which stops only when the new one serves.

This process watches files and serves nothing. The first worker opens the sockets and sends them here, and they are
handed to each later worker. So a connection that arrives during a change waits in the kernel, and none is refused.

::

    nobody --start--> starting --serves--> serving --a file changes--> serving + starting --serves--> serving
                         '--ends--> nobody, until a file changes             '--ends--> serving, as before

At most one worker serves without having been told to stop, and at most one worker is starting. A worker that is told to
stop finishes its requests, for up to its `shutdown_timeout`. If a program cannot start, for instance because of a
syntax error, its worker writes the traceback, and the old worker goes on serving. A signal ends all workers.
"""

import array
import asyncio
import contextlib
import os
import pathlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Sequence

import click
import msgspec

from ponty.command.worker import Task

Changes = AsyncIterator[Iterable[str]]
"""Yields the names of the files that have changed, once for each batch of changes."""

_MOST_SOCKETS = 16
_INT = array.array("i").itemsize


def reload_forever(
    program: str, *, host: str | None, port: int | None, watched: Sequence[pathlib.Path], access_log: bool
) -> int:
    """Run a program until a signal, and restart it whenever a file changes.

    Args:
        program: The program.
        host: The address to listen on; None for that of the program.
        port: The port to listen on; None for that of the program.
        watched: The files and directories to watch; if there are none, the working directory.
        access_log: Whether each request is logged.

    Returns:
        The exit status.

    Raises:
        click.ClickException: The package watchfiles is not installed, or the system is not POSIX.
    """
    if os.name != "posix":
        raise click.ClickException("--reload needs Linux or macOS, where one process can hand sockets to the next")
    try:
        import watchfiles  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise click.ClickException("--reload needs the package watchfiles: pip install 'ponty[reload]'") from None
    task = Task(program=program, host=host, port=port, access_log=access_log)

    here = f"{pathlib.Path.cwd()}{os.sep}"

    async def changes() -> Changes:
        filter_ = watchfiles.PythonFilter(extra_extensions=(".json", ".toml", ".yaml", ".yml"))
        async for changed in watchfiles.awatch(*(watched or [pathlib.Path()]), watch_filter=filter_):
            yield {path.removeprefix(here) for _, path in changed}

    return asyncio.run(Supervisor(task).run(changes()))


class _Worker:
    """A worker process, and what it has reported.

    Args:
        process: The process.
        channel: The socket on which it reports.
    """

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.process = process
        self.opened: list[int] = []
        """The file descriptors of the sockets that it has opened."""
        self.serves = False
        self.begun = asyncio.Event()
        """Set when it serves, or when it has ended before that."""
        self.closed = asyncio.Event()
        """Set when it accepts no more connections."""
        self.is_stopping = False
        self._channel = channel

    async def until_end(self) -> int:
        """Receive its reports until it ends; return its exit status."""
        try:
            with self._channel:
                opened = await self._says()
                if opened is not None:
                    self.opened, self.serves = opened, True
                    self.begun.set()
                    await self._says()
        finally:
            self.begun.set()
            self.closed.set()
        return await self.process.wait()

    async def _says(self) -> list[int] | None:
        """Wait for its next report; return the sockets that come with it, or None if the process has ended."""
        readable = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._channel, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._channel)
        said, ancillary, _, _ = self._channel.recvmsg(1, socket.CMSG_SPACE(_MOST_SOCKETS * _INT))
        numbers = array.array("i")
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers.frombytes(data[: len(data) - len(data) % _INT])
        return list(numbers) if said else None

    def stop(self, *, hurry: bool = False) -> None:
        """Have it stop when its requests are finished; with `hurry`, signal it again, so that it stops at once."""
        if self.is_stopping and not hurry:
            return
        self.is_stopping = True
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)


class Supervisor:
    """Keeps one worker serving.

    Args:
        task: The task of the workers.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._sockets: list[int] = []
        self._workers: set[_Worker] = set()
        self._serving: _Worker | None = None
        self._starting: asyncio.Task[None] | None = None
        self._ends: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self, changes: Changes) -> int:
        """Keep the program served until SIGINT or SIGTERM, and restart it with each change.

        Args:
            changes: The changes of files.

        Returns:
            The exit status.
        """
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()

        def on_signal() -> None:
            for worker in self._workers:
                worker.stop(hurry=stop.is_set())
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, on_signal)
        watching = asyncio.create_task(self._follow(changes))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({watching, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping = True
            for task in (watching, stopped, *([self._starting] if self._starting else [])):
                task.cancel()
            for worker in self._workers:
                worker.stop()
            await asyncio.gather(watching, stopped, *self._ends, return_exceptions=True)
            for descriptor in self._sockets:
                os.close(descriptor)
        if not watching.cancelled() and (error := watching.exception()) is not None:
            raise error
        return 0

    async def _follow(self, changes: Changes) -> None:
        self._begin()
        async for names in changes:
            click.echo(f"{click.style('changed', fg='cyan')} {', '.join(sorted(names))}", err=True)
            if self._starting is not None and not self._starting.done():
                self._starting.cancel()  # it would start code that is already out of date
                await asyncio.gather(self._starting, return_exceptions=True)
            self._begin()

    def _begin(self) -> None:
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        """Start a worker; once it serves, have the previous one stop."""
        worker = await self._new_worker()
        try:
            await worker.begun.wait()
        except asyncio.CancelledError:
            worker.stop()
            raise
        if not worker.serves:
            return
        self._sockets.extend(worker.opened)
        before, self._serving = self._serving, worker
        if before is not None:
            before.stop()
            await before.closed.wait()  # from here on, all connections reach the new one
            click.echo(click.style("reloaded", fg="green"), err=True)

    async def _new_worker(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            task = msgspec.structs.replace(self._task, channel=theirs.fileno(), sockets=tuple(self._sockets))
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    # Python compares bytecode with its source by size and second, and a quick change may alter neither.
                    "-B",
                    "-m",
                    "ponty.command.worker",
                    msgspec.json.encode(task).decode(),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(), *self._sockets),
                    # Ctrl-C must reach this process alone, which then signals the workers.
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        worker = _Worker(process, ours)
        self._workers.add(worker)
        end = asyncio.create_task(self._until_end(worker))
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)
        return worker

    async def _until_end(self, worker: _Worker) -> None:
        status = await worker.until_end()
        self._workers.discard(worker)
        was_serving = worker is self._serving
        if was_serving:
            self._serving = None
        if self._stopping:
            return
        if was_serving or status not in {0, -signal.SIGTERM}:
            left = "the earlier process keeps serving" if self._serving else "nothing is served"
            click.echo(f"{click.style('ended', fg='red')} with status {status}; {left} until a file changes", err=True)
