"""The command: `hatch run bench:all`, or `python -m benchmarks` where what it needs is installed."""

import argparse
import contextlib
import pathlib
from collections.abc import Callable, Sequence

from benchmarks import inprocess, processes, rates, starting
from benchmarks.cases import CASES, Case
from benchmarks.environments import CACHE
from benchmarks.facts import facts
from benchmarks.growth import Growth
from benchmarks.load import Load, find_generator
from benchmarks.peers import PEERS, PONTY, Peer
from benchmarks.report import write
from benchmarks.results import Results
from benchmarks.serving import ServerError
from benchmarks.targets import PLAIN

PARTS = ("rates", "start", "growth", "processes", "inprocess")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit status is 1 where the answers were compared and differ."""
    chosen = _parse(arguments)
    peers = [peer for peer in PEERS if not chosen.peers or peer.name in chosen.peers]
    cases = [case for case in CASES if not chosen.cases or case.name in chosen.cases]
    load = Load(chosen.load, chosen.seconds)
    path = None if chosen.check else chosen.samples
    results = Results(path, facts(load.generator, load.seconds), resume=chosen.resume)
    with contextlib.closing(results):
        if chosen.check:
            return _check(peers, cases, results)
        measures: dict[str, Callable[[], None]] = {
            "rates": lambda: rates.measure(peers, cases, chosen.rounds, load, results),
            "start": lambda: starting.measure(peers, chosen.rounds, results),
            "growth": lambda: Growth(max(1, chosen.rounds // 2), load, results).measure(),
            "processes": lambda: processes.measure(chosen.rounds, load, results),
            "inprocess": lambda: inprocess.measure(chosen.into, chosen.programs),
        }
        for part in chosen.parts:
            try:
                measures[part]()
            except ServerError as error:
                results.miss(part, str(error))
        write(results, chosen.into)
        return 0


def _check(peers: list[Peer], cases: list[Case], results: Results) -> int:
    with contextlib.ExitStack() as stack:
        servers = rates.start(stack, peers, cases, results)
        for case in cases:
            print(f"{case.name}: the same of {', '.join(rates.agree(servers, case, results))}", flush=True)
    return 1 if results.missing else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure Ponty side by side with its peers.")
    parser.add_argument("--rounds", type=int, help="how often each is measured (5)")
    parser.add_argument("--cases", type=_names, help="only these, by name, with commas between")
    parser.add_argument("--peers", type=_names, help="only these and Ponty")
    parser.add_argument("--parts", type=_names, default=PARTS, help=f"only these of {', '.join(PARTS)}")
    parser.add_argument(
        "--programs", type=_names, default=inprocess.PROGRAMS, help=f"of inprocess only {', '.join(inprocess.PROGRAMS)}"
    )
    parser.add_argument("--quick", action="store_true", help="three rounds of the first three cases, and nothing else")
    parser.add_argument("--check", action="store_true", help="only see whether the servers answer as they should")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was interrupted")
    parser.add_argument("--load", choices=("wrk", "hammer"), default=find_generator(), help="the load generator")
    parser.add_argument("--seconds", type=float, default=1, help="how long load is made at a time (1)")
    parser.add_argument(
        "--samples", type=pathlib.Path, default=CACHE / "samples.jsonl", help="the file where each measurement is kept"
    )
    parser.add_argument("--into", type=pathlib.Path, default=CACHE / "report", help="the folder for what is written")
    chosen = parser.parse_args(arguments)
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 5)
    if chosen.quick and chosen.parts is PARTS:
        chosen.parts = ("rates",)
        chosen.cases = chosen.cases or PLAIN
    for names, known in (
        (chosen.peers, [peer.name for peer in PEERS]),
        (chosen.cases, [case.name for case in CASES]),
        (chosen.parts, list(PARTS)),
        (chosen.programs, list(inprocess.PROGRAMS)),
    ):
        if names and not set(names) <= set(known):
            parser.error(f"{', '.join(sorted(set(names) - set(known)))}: known are {', '.join(known)}")
    if chosen.peers:
        chosen.peers = {*chosen.peers, PONTY.name}
    return chosen


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


if __name__ == "__main__":
    raise SystemExit(main())
