"""A spool: bytes in memory as long as they are few, and beyond that in a file without a name.

States: filling (bytes are added, one write at most is under way in a thread), full (it is read), closed. What can never
happen:

- The file has no name, or goes with its handle where a system has no such files. So it is gone with the process,
  however that ends, and nobody else opens it.
- All that touches the file runs in a thread and under one lock. A write that is still under way when a request is
  cancelled ends before the file is closed, and one that has not begun by then does nothing.
- No more than two pieces are in memory: the one that fills, and the one that is written. Who adds waits for the second.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

_T = TypeVar("_T")

PIECE = 256 * 1024
"""How many bytes are written at once; fewer stay in memory."""

_GONE = "the upload is gone: its request has ended"


class Spool:
    """Bytes that are added once, and then read.

    Args:
        content: The first of them.
    """

    __slots__ = ("_closed", "_file", "_lock", "_parts", "_pending", "_writing", "size")

    def __init__(self, content: bytes = b"") -> None:
        self.size: int = len(content)
        self._parts: list[bytes] = [content]
        self._pending: int = len(content)
        self._file: IO[bytes] | None = None
        self._writing: asyncio.Future[None] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def add(self, data: bytes) -> bool:
        """Add bytes, and return whether there are enough of them to be written."""
        self._parts.append(data)
        self.size += len(data)
        self._pending += len(data)
        return self._pending >= PIECE

    async def write(self) -> None:
        """Begin to write what was added, when what was written before is in the file."""
        await self._written()
        parts, self._parts, self._pending = self._parts, [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, parts)

    async def finish(self) -> None:
        """Have all of it where it can be read; nothing is added any more."""
        if self._writing is None:
            self._parts = [b"".join(self._parts)]
            return
        if self._pending:
            await self.write()
        await self._written()

    async def read(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start` on; none at the end.

        Raises:
            ValueError: The spool is closed.
        """
        if self._closed:
            raise ValueError(_GONE)
        if self._writing is None:
            content = self._parts[0]
            return content if start == 0 and size >= len(content) else content[start : start + size]
        return await _in_thread(lambda: self._read(start, size))

    async def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Write all of it to a file of that path, in the place of one that is there: whole, or not at all.

        Raises:
            ValueError: The spool is closed.
            OSError: It cannot be written there.
        """
        if self._closed:
            raise ValueError(_GONE)
        await _in_thread(lambda: self._copy_to(Path(path)))

    def close(self) -> asyncio.Future[None] | None:
        """Drop all of it, and return what is done when the file is closed; None where there is none."""
        self._closed = True
        self._parts = []
        if self._writing is None:
            return None
        self._writing.add_done_callback(_ignore_failure)
        try:
            return asyncio.get_running_loop().run_in_executor(None, self._close)
        except RuntimeError:  # the threads have been stopped
            self._close()
            return None

    async def _written(self) -> None:
        if self._writing is not None:
            await asyncio.wait([self._writing])  # which a cancellation of the request leaves alone
            self._writing.result()

    def _write(self, parts: list[bytes]) -> None:
        with self._lock:
            if self._closed:
                return
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed when the request ends
            data = memoryview(b"".join(parts))
            while data:
                data = data[self._file.write(data) or 0 :]

    def _read(self, start: int, size: int) -> bytes:
        with self._lock:
            if self._closed or self._file is None:
                raise ValueError(_GONE)
            self._file.seek(start)
            return self._file.read(size)

    def _copy_to(self, path: Path) -> None:
        # Beside its place, so that it can be put there in one step.
        unfinished = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with unfinished.open("xb") as target, self._lock:
                self._copy(target)
            unfinished.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise

    def _copy(self, target: IO[bytes]) -> None:
        if self._closed:
            raise ValueError(_GONE)
        if self._file is None:
            target.write(self._parts[0])
        else:
            self._file.seek(0)
            shutil.copyfileobj(self._file, target, 1024 * 1024)

    def _close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()


def _ignore_failure(writing: asyncio.Future[None]) -> None:
    if not writing.cancelled():
        writing.exception()


async def _in_thread(function: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(None, function)
