"""What Ponty is to reach, as ratios of one run."""

import dataclasses
from collections.abc import Iterator

from benchmarks.cases import CASES
from benchmarks.peers import BY_HAND, FLOOR, PONTY, TUNED
from benchmarks.results import Results

PLAIN = ("hello", "search", "small body")


Pair = tuple[str, str]
"""A case and whose."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A ratio of figures of one part, and its bound: at least that, or at most where `at_least` is false.

    Rates are compared by what the server's core spent on an answer, which is what one core can do however busy the
    machine is; by the clock they are the same only where nothing else runs.
    """

    what: str
    bound: float
    part: str
    figure: str
    ours: Pair
    theirs: Pair
    at_least: bool = True

    def measured(self, results: Results) -> float | None:
        """Return the ratio that counts."""
        if self.figure == "rate":
            return speed(results, self.ours, self.theirs)
        return results.ratio(self.part, self.figure, self.ours, self.theirs)

    def by_the_clock(self, results: Results) -> float | None:
        """Return the ratio of the rates by the clock; None where none are compared."""
        return results.ratio(self.part, "rate", self.ours, self.theirs) if self.figure == "rate" else None

    def met(self, value: float) -> bool:
        """Tell whether a ratio is within the bound, as it is printed."""
        value = round(value, 2)
        return value >= self.bound if self.at_least else value <= self.bound


def speed(results: Results, ours: Pair, theirs: Pair) -> float | None:
    """Return how many answers a core makes of ours in the time of one of theirs."""
    return results.ratio("rates", "cpu_us", theirs, ours)


def _faster(case: str, peer: str, bound: float) -> Target:
    return Target(f"{case}: rate over {peer}'s", bound, "rates", "rate", (case, PONTY.name), (case, peer))


def _no_more(what: str, figure: str, bound: float) -> Target:
    ours, theirs = ("start", PONTY.name), ("start", BY_HAND.name)
    return Target(f"{what} over {BY_HAND.name}'s", bound, "start", figure, ours, theirs, at_least=False)


def _flood(case: str, bound: float) -> Target:
    ours, good = (case, PONTY.name), ("small body", PONTY.name)
    return Target(f"{case}: rate over that of the small body", bound, "rates", "rate", ours, good)


def _targets() -> Iterator[Target]:
    for case in PLAIN:
        yield _faster(case, TUNED.name, 1.3)
    for case in PLAIN:
        yield _faster(case, FLOOR.name, 0.4)
    for case in PLAIN:
        yield _faster(case, BY_HAND.name, 1.05)
    for case in ("hello", "search"):
        yield _faster(case, "FastAPI", 3)
    for case, bound in (("hello", 1.6), ("search", 1.6), ("small body", 1.3)):
        yield _faster(case, "Litestar", bound)
    for case in ("hello", "search"):
        yield _faster(case, "BlackSheep", 1)
    for name in [case.name for case in CASES]:
        if name not in {"404", "truncated body"}:  # aiohttp's in both; a 500 of the other's
            yield _faster(name, "ponty 0.3.9", 1.5)
    yield _flood("truncated body", 0.9)
    yield _flood("invalid body", 0.8)
    yield _faster("404", BY_HAND.name, 1)
    yield _no_more("start to first answer", "ms", 1.05)
    yield _no_more("memory after the start", "rss_mb", 1.1)
    yield _no_more("memory of an idle connection", "idle_kb", 1.1)


TARGETS = tuple(_targets())
