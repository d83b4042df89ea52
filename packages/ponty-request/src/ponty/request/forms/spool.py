"""A spool: bytes that stay in memory if they are few, and go to a file without a name if they are more.

States: filling (bytes are added; at most one write is under way, in a thread), full (it can be read), closed. What
    always holds:

- The file has no name; on systems that have no such files, it is removed when it is closed. So it is gone when the
  process ends, in whatever way, and nobody else can open it.
- Everything that touches the file runs in a thread and under one lock. If a request is cancelled during a write, this
  write ends before the file is closed; a write that has not begun by then does nothing.
- At most two pieces are in memory: one that is being filled, and one that is being written. The next write waits until
  the second is in the file.
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
"""How many bytes are written at once; smaller contents stay in memory."""

_GONE = "the upload is gone: its request has ended"


class Spool:
    """Bytes that are added first, and then read.

    Args:
        content: The first bytes.
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
        """Add bytes, and return whether there are enough to write them."""
        self._parts.append(data)
        self.size += len(data)
        self._pending += len(data)
        return self._pending >= PIECE

    async def write(self) -> None:
        """Begin to write the bytes that were added, as soon as the previous write is done."""
        await self._written()
        parts, self._parts, self._pending = self._parts, [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, parts)

    async def finish(self) -> None:
        """End the filling, and make everything readable."""
        if self._writing is None:
            self._parts = [b"".join(self._parts)]
            return
        if self._pending:
            await self.write()
        await self._written()

    async def read(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes that begin at `start`; none at the end.

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
        """Write everything to a file at that path, completely or not at all; a file that is there is replaced.

        Raises:
            ValueError: The spool is closed.
            OSError: The file cannot be written.
        """
        if self._closed:
            raise ValueError(_GONE)
        await _in_thread(lambda: self._copy_to(Path(path)))

    def close(self) -> asyncio.Future[None] | None:
        """Drop everything, and return a future that is done when the file is closed; None if there is no file."""
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
            await asyncio.wait([self._writing])  # a cancellation of the request does not stop the write
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
        # In the same folder, so that it can be moved to its place in one step.
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
