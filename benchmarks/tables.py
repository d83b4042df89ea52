"""The results as tables, which are printed, and written as Markdown and as CSV for the documentation."""

import csv
import dataclasses
import io
import statistics

from benchmarks.cases import CASES
from benchmarks.peers import BY_HAND, PEERS, PONTY
from benchmarks.results import Results
from benchmarks.targets import TARGETS, speed


@dataclasses.dataclass(frozen=True)
class Table:
    """A table with a name for its file."""

    name: str
    title: str
    header: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """Return it as Markdown."""
        lines = [self.header, ["---", *["---:"] * (len(self.header) - 1)], *self.rows]
        return f"## {self.title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def csv(self) -> str:
        """Return it as CSV."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.header, *self.rows])
        return text.getvalue()


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _by_case(results: Results, name: str, title: str, figure: str, form: str) -> Table:
    cases, peers = results.subjects("rates"), results.peers("rates")
    rows = [[peer, *(_number(results.median("rates", case, peer, figure), form) for case in cases)] for peer in peers]
    return Table(name, title, ["server", *cases], rows)


def _ratios(results: Results) -> Table:
    cases = results.subjects("rates")
    rows = [
        [peer, *(_number(speed(results, (case, PONTY.name), (case, peer)), ".2f") for case in cases)]
        for peer in results.peers("rates")
        if peer != PONTY.name
    ]
    return Table("ratios", "Answers of Ponty's in the core's time for one of each", ["server", *cases], rows)


def _targets(results: Results) -> Table:
    rows = []
    for target in TARGETS:
        value = target.measured(results)
        verdict = "not measured" if value is None else "met" if target.met(value) else "missed"
        bound = f"{'≥' if target.at_least else '≤'} {target.bound:g}"
        clock = _number(target.by_the_clock(results), ".2f")
        rows.append([target.what, bound, _number(value, ".2f"), clock, verdict])
    return Table("targets", "Targets", ["ratio", "target", "measured", "by the clock", "verdict"], rows)


def _starts(results: Results) -> Table:
    figures = (("ms", ".0f"), ("rss_mb", ".0f"), ("idle_kb", ".1f"))
    part = "start"
    rows = [
        [
            peer,
            *(_number(results.median(part, part, peer, figure), form) for figure, form in figures),
            *(
                _number(results.ratio(part, figure, (part, peer), (part, BY_HAND.name)), ".2f")
                for figure in ("ms", "idle_kb")
            ),
        ]
        for peer in results.peers(part)
    ]
    header = ["server", "start, ms", "memory, MB", "idle connection, KB", "start over aiohttp's", "idle over aiohttp's"]
    return Table("start", "Start to first answer, and memory", header, rows)


def _growth(results: Results) -> Table:
    peers = results.peers("growth")
    rows = [
        [
            subject,
            *(_number(results.median("growth", subject, peer, "cpu_us"), ".1f") for peer in peers),
            *(
                _number(results.median("growth", subject, peer, "p99_ms"), ".1f")
                for peer in peers
                if peer == PONTY.name
            ),
        ]
        for subject in results.subjects("growth")
    ]
    header = ["of", *(f"{peer}, µs" for peer in peers), f"{PONTY.name}, p99 in ms"]
    return Table("growth", "Growth: what an answer takes of the server's core", header, rows)


def _processes(results: Results) -> Table:
    part = "processes"
    rows = [
        [
            case,
            way,
            *(_number(results.median(part, case, f"{way} {count}", "rate"), ",.0f") for count in (1, 2)),
            _number(results.ratio(part, "rate", (case, f"{way} 2"), (case, f"{way} 1")), ".2f"),
        ]
        for case in results.subjects(part)
        for way in dict.fromkeys(peer.rpartition(" ")[0] for peer in results.peers(part))
    ]
    return Table(part, "Several processes", ["case", "started by", "one, answers/s", "two, answers/s", "ratio"], rows)


def machine(results: Results) -> Table:
    """Tell where, and with what, it was measured."""
    rows = [[name, str(value)] for name, value in results.facts.items() if name != "sources"]
    rows.append(["rounds", str(results.rounds("rates"))])
    busy = [
        sample["rate"] * sample["cpu_us"] / 1e6 for (part, *_), sample in results.samples.items() if part == "rates"
    ]
    if busy:
        rows.append(
            ["servers busy", f"{statistics.median(busy):.0%} of their core (median); 100% where nothing else ran"]
        )
    return Table("machine", "Measured on", ["what", "which"], rows)


def about() -> list[Table]:
    """Tell what the cases and the peers are."""
    cases = [[case.name, case.what] for case in CASES]
    peers = [[peer.name, peer.what, ", ".join(peer.requires or ("as Ponty",)).replace("==", " ")] for peer in PEERS]
    return [
        Table("cases", "The cases", ["case", "what is asked"], cases),
        Table("peers", "The servers", ["server", "what it is", "versions"], peers),
    ]


def all_tables(results: Results) -> list[Table]:
    """Make every table of which there are results."""
    tables = [
        *([_targets(results)] if results.subjects("rates") else []),
        _by_case(results, "rates", "Answers a second by the clock", "rate", ",.0f"),
        _ratios(results),
        _by_case(results, "cpu", "Microseconds of the server's core that an answer takes", "cpu_us", ".1f"),
        _by_case(results, "p99", "Milliseconds that the slowest of a hundred answers took", "p99_ms", ".2f"),
        _starts(results),
        _growth(results),
        _processes(results),
        machine(results),
        *about(),
    ]
    return [table for table in tables if table.rows]
