"""A run: requests are made from a seed, one after another, and what they break is found out, made small, and kept.

Work is what the program says that it has done (`server`), so that nothing else on the machine counts. A request that
costs too much is sent again, and the least counts; so does the good one that it is compared with. One that takes long
is sent again with a good one beside it, over another connection: what holds that one up holds up anybody.
"""

import asyncio
import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from ponty.command.attack.findings import Finding, Report
from ponty.command.attack.hostile.kinds import KINDS, kinds_for
from ponty.command.attack.promises import broken
from ponty.command.attack.requests import Case, Maker
from ponty.command.attack.shrink import smaller
from ponty.command.attack.target import Measure, Operation, Target, operations
from ponty.command.attack.values import Values
from ponty.command.attack.wire import Answer, Exchange, ask

Json = Any

_FLOOR = {"cpu": 0.0005, "calls": 500.0}
"""What a good request is taken to cost at least."""
_PER_BYTE = {"cpu": 1e-7, "calls": 2.0}
"""What each byte of a request may cost besides."""
_DECODED = 2**20
"""How many bytes a body may become that is encoded."""
_TRIES = 12
_SHRINKING = 40
_SLOW_CLIENTS = 50
_MOST_SEEN = 50
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a run.

    Args:
        seconds: How long it goes on.
        requests: How many requests it makes at most; None for as many as there is time for.
        seed: What the requests are made from.
        headers: What each request has, as credentials.
        times: How many times as much as a good request another may cost.
        hold_seconds: How long a good request may be held up.
        measure: What cost is measured in.
        read_only: Whether only operations are asked that change nothing.
    """

    seconds: float = 30
    requests: int | None = None
    seed: int = 0
    headers: Sequence[tuple[str, str]] = ()
    times: float = 25
    hold_seconds: float = 0.5
    measure: Measure = "cpu"
    read_only: bool = False


async def attack(program: str, settings: Settings, begun: Callable[[int], None] | None = None) -> Report:
    """Serve a program, and try to have it break its promises.

    Args:
        program: The program.
        settings: What the run may do.
        begun: Called with the number of operations once it is served.

    Raises:
        TargetError: The program does not serve, or has nothing to be asked.
    """
    async with Target(program, settings.measure) as target:
        return await _Run(target, settings, begun).report()


class _Run:
    def __init__(self, target: Target, settings: Settings, begun: Callable[[int], None] | None) -> None:
        self._target = target
        self._settings = settings
        self._begun = begun
        self._operations = [
            operation
            for operation in operations(target.document)
            if not settings.read_only or operation.method in _SAFE
        ]
        self._seen: dict[str, list[Json]] = {}
        self._good: dict[str, tuple[Case, float]] = {}
        self._refused: dict[str, float] = {}
        self._findings: dict[tuple[str, str], Finding] = {}
        self._canary = _plain("GET", "/zq")
        self._canary_status = 404
        self._end = time.monotonic() + settings.seconds

    async def report(self) -> Report:
        """Make the run."""
        if self._begun is not None:
            self._begun(len(self._operations))
        await self._know_the_good()
        count = 0
        for number, operation in self._planned():
            if time.monotonic() > self._end:
                break
            await self._try(number, operation)
            count = number + 1
            if self._target.has_ended:
                break
        if not self._target.has_ended:
            await self._be_slow(count)
        return Report(
            [*self._findings.values()],
            count,
            [name for name in map(str, self._operations) if name not in self._good],
            len(self._operations),
            self._target.port,
            self._target.log(),
        )

    def _planned(self) -> Iterator[tuple[int, Operation]]:
        most = self._settings.requests
        number = 0
        while self._operations and (most is None or number < most):
            yield number, self._operations[number % len(self._operations)]
            number += 1

    def _maker(self, name: object) -> Maker:
        decides = random.Random(f"{self._settings.seed}:{name}")  # noqa: S311 - it is to be had again
        return Maker(Values(self._target.document, decides, self._seen), decides, self._settings.headers)

    async def _know_the_good(self) -> None:
        """Find a valid request of each operation that is answered as one, and what it costs."""
        for attempt in range(2):  # what one operation has made, another may show
            for operation in sorted(self._operations, key=_turn):
                if str(operation) not in self._good and time.monotonic() <= self._end:
                    await self._try_valid(operation, attempt)
        for case, _ in self._good.values():
            if case.method == "GET":
                again = (await self._ask(case)).answers
                if again and again[0].status < 300 and not again[0].closes:
                    self._canary, self._canary_status = case, again[0].status
                    break

    async def _try_valid(self, operation: Operation, attempt: int) -> None:
        """Send valid requests of an operation until one is answered as one."""
        name = str(operation)
        for number in range(_TRIES):
            case = self._maker(f"good:{attempt}:{name}:{number}").case(operation)
            exchange, cost = await self._measured(case)
            if self._judge(case, exchange, -1):
                await self._settle(-1)
            if exchange.answers and exchange.answers[0].status < 300:
                self._good[name] = case, cost
                self._remember(exchange.answers[0])
                return
            if attempt:  # the first ones warm things up
                self._refused[name] = max(self._refused.get(name, 0.0), cost)

    def _remember(self, answer: Answer) -> None:
        """Keep the values of an answer, which other requests may be about."""
        location = answer.header("location").rpartition("/")[2]
        if location:
            self._seen.setdefault("id", []).append(location)
        if "json" in answer.header("content-type"):
            try:
                _collect(json.loads(answer.body), self._seen)
            except ValueError:
                return

    async def _try(self, number: int, operation: Operation) -> None:
        maker = self._maker(number)
        good = maker.case(operation)
        kind = self._kind(number, operation)
        case = msgspec.structs.replace(KINDS[kind](good, maker), kind=kind) if kind else good
        if self._settings.read_only and (case.raw or case.method not in _SAFE):
            return
        if not case.raw and maker.random.random() < 0.3:
            await self._step(case, number)
        started = time.monotonic()
        exchange, cost = await self._measured(case)
        took = time.monotonic() - started
        if self._judge(case, exchange, number):
            await self._settle(number)
        elif exchange.answers and exchange.answers[0].status < 300:
            self._remember(exchange.answers[0])
        if self._is_dear(case, cost):
            await self._weigh(case, exchange, number)
        if took > self._settings.hold_seconds / 2 and not case.raw:
            await self._hold(case, exchange, number)

    def _kind(self, number: int, operation: Operation) -> str:
        """Return what is hostile about a request: each kind has its turn, in an order that the seed makes."""
        kinds = kinds_for(operation)
        turn, place = divmod(number // len(self._operations), len(kinds))
        random.Random(f"{self._settings.seed}:{operation}:{turn}").shuffle(kinds)  # noqa: S311
        return kinds[place]

    async def _ask(self, case: Case, *more: Case) -> Exchange:
        data = b"".join(each.wire() for each in (case, *more))
        methods = [each.method for each in (case, *more)]
        return await ask(self._target.port, data, methods, ends=bool(case.raw))

    async def _measured(self, case: Case) -> tuple[Exchange, float]:
        before = await self._target.spent()
        exchange = await self._ask(case)
        return exchange, await self._target.spent() - before

    def _judge(self, case: Case, exchange: Exchange, number: int) -> bool:
        """Keep what an answer breaks; return whether it is new."""
        found = broken(case, exchange, self._target.document)
        return found is not None and self._keep(case, exchange, number, *found)

    def _keep(self, case: Case, exchange: Exchange, number: int, promise: str, how: str) -> bool:
        key = promise, str(case.operation)
        if key in self._findings:
            return False
        answer = exchange.answers[-1] if exchange.answers else None
        self._findings[key] = Finding(promise, how, case, answer, number, is_repeatable=False)
        return True

    async def _settle(self, number: int) -> None:
        """Have what was found broken again, and then by as small a request as there is time for."""
        key, finding = next((key, each) for key, each in reversed(self._findings.items()) if each.number == number)
        tried = 0
        candidates = iter([finding.case])
        while (case := next(candidates, None)) is not None and tried < _SHRINKING:
            tried += 1
            exchange = await self._ask(case)
            found = broken(case, exchange, self._target.document)
            if found is not None and found[0] == finding.promise:
                answer = exchange.answers[-1] if exchange.answers else None
                finding = msgspec.structs.replace(finding, how=found[1], case=case, answer=answer, is_repeatable=True)
                candidates = smaller(case)
            elif tried == 1:
                break
            if self._target.has_ended or time.monotonic() > self._end:
                break
        self._findings[key] = finding

    def _allowed(self, case: Case) -> float:
        measure = self._settings.measure
        # Where none is known, one that is of the right form and refused: a login looks at each password as long.
        _, good = self._good.get(str(case.operation), (case, self._refused.get(str(case.operation), 0.0)))
        size = len(case.wire()) + (_DECODED if case.header("content-encoding") else 0)
        return self._settings.times * max(good, _FLOOR[measure]) + _PER_BYTE[measure] * size

    def _is_dear(self, case: Case, cost: float) -> bool:
        return cost > self._allowed(case)

    async def _weigh(self, case: Case, exchange: Exchange, number: int) -> None:
        """Send what has cost too much again; it does so where its least is too much."""
        if ("cost", str(case.operation)) in self._findings:
            return
        costs = [(await self._measured(case))[1] for _ in range(4)]
        good = self._good.get(str(case.operation))
        if good is not None:
            again = min([(await self._measured(good[0]))[1] for _ in range(4)])
            self._good[str(case.operation)] = good[0], max(again, _FLOOR[self._settings.measure])
        least = min(costs)
        if self._is_dear(case, least):
            unit = "calls" if self._settings.measure == "calls" else "ms of CPU time"
            scale = 1 if self._settings.measure == "calls" else 1000
            how = f"it costs {least * scale:.0f} {unit}, where {self._allowed(case) * scale:.0f} are allowed"
            self._keep(case, exchange, number, "cost", how)

    async def _hold(self, case: Case, exchange: Exchange, number: int) -> None:
        """Send what has taken long again, with a good request beside it."""
        if ("no holding up", str(case.operation)) in self._findings:
            return
        least = min([await self._held_up(self._ask(case)) for _ in range(3)])
        if least > self._settings.hold_seconds:
            self._keep(case, exchange, number, "no holding up", f"it holds another request up for {least:.1f} seconds")

    async def _held_up(self, other: Any) -> float:
        """Return how long a good request takes beside another."""
        beside = asyncio.ensure_future(other)
        await asyncio.sleep(0.02)  # it is on its way
        started = time.monotonic()
        await self._ask(self._canary)
        took = time.monotonic() - started
        await beside
        return took

    async def _step(self, case: Case, number: int) -> None:
        """Send a request and a good one behind it over one connection."""
        if ("in step", str(case.operation)) in self._findings:
            return
        exchange = await self._ask(case, self._canary)
        answers = exchange.answers
        if not answers or answers[0].closes:
            return
        if len(answers) < 2 or exchange.fault:
            how = exchange.fault or "the request behind it was not answered, and the connection not said to close"
        elif answers[1].status != self._canary_status:
            how = f"the request behind it was answered {answers[1].status}, and not {self._canary_status}"
        else:
            return
        again = await self._ask(case, self._canary)
        if len(again.answers) < 2 or again.answers[1].status != self._canary_status:
            self._keep(case, exchange, number, "in step", how)

    async def _be_slow(self, number: int) -> None:
        """Begin many requests and end none: a good one is answered all the same."""
        connections = [await asyncio.open_connection("127.0.0.1", self._target.port) for _ in range(_SLOW_CLIENTS)]
        for _, writer in connections:
            writer.write(b"POST /zq HTTP/1.1\r\nHost: a\r\nX: ")
        least = min([await self._held_up(asyncio.sleep(0)) for _ in range(3)])
        for _, writer in connections:
            writer.close()
        if least > self._settings.hold_seconds:
            how = f"{_SLOW_CLIENTS} requests that do not end hold another one up for {least:.1f} seconds"
            self._keep(self._canary, Exchange(()), number, "no holding up", how)


def _turn(operation: Operation) -> float:
    """Return when it is an operation's turn: what deletes comes last, and what is within another thing before that."""
    return -operation.path.count("/") if operation.method == "DELETE" else -math.inf


def _plain(method: str, path: str) -> Case:
    return Case(Operation(method, path, (), {}, {}, is_secured=False), "", method, path)


def _collect(value: Json, seen: dict[str, list[Json]], name: str = "") -> None:
    """Keep the scalars of a value by their names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _collect(inner, seen, key)
    elif isinstance(value, list):
        for inner in value[:5]:
            _collect(inner, seen, name)
    elif isinstance(value, str | int) and name and len(str(value)) < 100:
        known = seen.setdefault(name, [])
        if value not in known and len(known) < _MOST_SEEN:
            known.append(value)
