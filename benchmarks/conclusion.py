"""What a run has shown, in a few sentences, with which the page of the results begins."""

from collections.abc import Sequence

from benchmarks.peers import PONTY
from benchmarks.results import Results
from benchmarks.targets import TARGETS, speed

CASES = 3
"""The first cases are what most requests are like, and those of the picture."""


def span(ratios: Sequence[float]) -> str:
    """Return the least and the greatest of some ratios in words, and one number where they are the same."""
    least, most = (f"{bound(ratios):.1f}" for bound in (min, max))
    return least if least == most else f"{least} to {most}"


def conclusion(results: Results) -> str:
    """Return the sentences, as reStructuredText; nothing where no rates were measured."""
    cases, peers = results.subjects("rates")[:CASES], results.peers("rates")
    found = {
        peer: [ratio for case in cases if (ratio := speed(results, (case, PONTY.name), (case, peer))) is not None]
        for peer in peers
        if peer != PONTY.name
    }
    compared = [f"{peer} **{span(ratios)}**" for peer, ratios in found.items() if ratios]
    if not compared:
        return ""
    verdicts = [target.met(value) for target in TARGETS if (value := target.measured(results)) is not None]
    return (
        f"While a core gives one answer of another server, it gives so many of Ponty's: {', '.join(compared)}. "
        f"Those are the cases {', '.join(cases)}, on this machine. Of {len(verdicts)} targets, {sum(verdicts)} were "
        "met; `Targets`_ names those that were not, and why.\n"
    )
