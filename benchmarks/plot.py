"""The rates of the first cases as a picture: a panel for each case, a bar for each server, on light pages and dark.

They are the answers that a server gives in a second of its core's time, which is a second of the clock where nothing
else runs. The tables have the other cases. It is as narrow as a telephone, so that its letters can be read there.
"""

import pathlib

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.peers import PONTY
from benchmarks.results import Results

CASES = 3
"""How many cases are drawn: the first ones, which are what most requests are like."""
INKS = {"light": ("#0b6e4f", "#94a3b8", "#1e293b"), "dark": ("#4fd1a5", "#64748b", "#e2e8f0")}
"""The colours of Ponty's bars, of the others', and of letters, on a page of each kind."""

Costs = dict[str, dict[str, float | None]]
"""By case and server: the microseconds of the core that an answer takes, or None where there is none."""


def draw(results: Results, folder: pathlib.Path) -> None:
    """Write `rates-light.svg` and `rates-dark.svg`, the same bytes for the same results."""
    peers = results.peers("rates")
    cases = results.subjects("rates")[:CASES]
    costs = {case: {peer: results.median("rates", case, peer, "cpu_us") for peer in peers} for case in cases}
    draw_costs(costs, folder)


def draw_costs(costs: Costs, folder: pathlib.Path) -> None:
    """Write the pictures of these costs."""
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "ponty"
    for page, (ours, theirs, letters) in INKS.items():
        height = sum(0.26 * len(servers) + 0.5 for servers in costs.values())
        figure = Figure(figsize=(5.6, height), layout="constrained")
        figure.patch.set_alpha(0)
        for panel, (case, servers) in zip(figure.subplots(len(costs), squeeze=False).flat, costs.items(), strict=True):
            measured = {server: 1e6 / cost for server, cost in servers.items() if cost}
            ranked = dict(sorted(measured.items(), key=lambda pair: -pair[1]))
            colours = [ours if server == PONTY.name else theirs for server in ranked]
            bars = panel.barh(list(ranked), list(ranked.values()), color=colours)
            panel.bar_label(bars, [f"{rate:,.0f}" for rate in ranked.values()], padding=3, fontsize=10, color=letters)
            panel.invert_yaxis()
            panel.set_title(f"{case}: answers a second", fontsize=11, loc="left", color=letters, fontweight="bold")
            panel.margins(x=0.16, y=0.02)
            panel.tick_params(labelsize=10, colors=letters, length=0)
            panel.xaxis.set_visible(False)
            panel.patch.set_alpha(0)
            panel.spines[:].set_visible(False)
        figure.savefig(folder / f"rates-{page}.svg", format="svg", metadata={"Date": None})
