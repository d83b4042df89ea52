"""The program under attack, in a process of its own, and what it says of itself."""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Any, Literal, Self

import msgspec

Json = Any
Measure = Literal["cpu", "calls"]
START_SECONDS = 60


class TargetError(Exception):
    """The program does not serve."""


class Target:
    """A program that is served, as an asynchronous context manager.

    Args:
        program: The program.
        measure: What its work is measured in: seconds of CPU time, or calls of functions, which are the same on each
            machine, and blind to what is done outside of Python.
    """

    def __init__(self, program: str, measure: Measure) -> None:
        self._program = program
        self._measure = measure
        self.port: int = 0
        self.document: Json = {}

    async def __aenter__(self) -> Self:
        ours, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        command = [sys.executable, "-m", "ponty.command.attack.server"]
        self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - it returns at once
            [*command, str(theirs.fileno()), self._measure, self._program],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )
        theirs.close()
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=2**26)
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self._reader.readline()
        except TimeoutError:
            await self._end()
            raise TargetError(f"{self._program} does not serve after {START_SECONDS} seconds") from None
        said: Json = json.loads(line) if line else {"error": self.log()[-2000:] or "it ended, and has served nothing"}
        if "error" in said:
            await self._end()
            raise TargetError(said["error"])
        self.port, self.document = said["port"], said["document"]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        self._writer.close()
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        self._log.close()

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    async def spent(self) -> float:
        """Return how much work it has done so far."""
        self._writer.write(b"?")
        line = await self._reader.readline()
        return float(json.loads(line)) if line else 0.0

    def log(self) -> str:
        """Return what it has written to its standard error."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")


class Operation(msgspec.Struct, frozen=True):
    """An operation of a description.

    Args:
        method: Its method.
        path: Its path, with its parameters in braces.
        parameters: They, references followed.
        bodies: The schemas of its bodies by their media types.
        answers: What it answers, by status.
        is_secured: Whether it asks who the client is.
    """

    method: str
    path: str
    parameters: tuple[Json, ...]
    bodies: dict[str, Json]
    answers: dict[str, Json]
    is_secured: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(document: Json) -> list[Operation]:
    """Return the operations of a document."""
    found: list[Operation] = []
    for path, item in document.get("paths", {}).items():
        for method, said in item.items():
            if method not in {"get", "put", "post", "delete", "options", "head", "patch", "trace"}:
                continue
            content = said.get("requestBody", {}).get("content", {})
            found.append(
                Operation(
                    method.upper(),
                    path,
                    tuple(said.get("parameters", ())),
                    {media_type: each.get("schema", {}) for media_type, each in content.items()},
                    said.get("responses", {}),
                    is_secured=bool(said.get("security", document.get("security"))),
                )
            )
    return found
