"""The program under attack, in a separate process, and the operations of its OpenAPI document."""

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
    """Serves a program while its block runs; an asynchronous context manager.

    Args:
        program: The program.
        measure: How its work is measured: `cpu` for seconds of CPU time, or `calls` for the number of function calls.
            The latter is the same on every machine, but does not count work inside C code.
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
        ended = f"{self._program} has ended without serving anything"
        said: Json = json.loads(line) if line else {"error": self.log()[-2000:] or ended}
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
        """Return how much work it has done so far, in the unit of `measure`."""
        self._writer.write(b"?")
        line = await self._reader.readline()
        return float(json.loads(line)) if line else 0.0

    def log(self) -> str:
        """Return what it has written to its standard error."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")


class Operation(msgspec.Struct, frozen=True):
    """An operation of an OpenAPI document.

    Args:
        method: The method.
        path: The path, with its parameters in braces.
        parameters: The descriptions of its parameters.
        bodies: The schemas of its bodies by media type.
        answers: The descriptions of its answers by status.
        is_secured: Whether it needs authentication.
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
