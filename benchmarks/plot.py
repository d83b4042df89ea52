"""The rates as a plot: a panel for each case, a bar for each server.

They are the answers that a server gives in a second of its core's time, which is a second of the clock where nothing
else runs.
"""

import pathlib

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.peers import PONTY
from benchmarks.results import Results

OURS, THEIRS = "#c2410c", "#94a3b8"


def draw(results: Results, path: pathlib.Path) -> None:
    """Write the plot as SVG, the same bytes for the same results."""
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "ponty"
    cases, peers = results.subjects("rates"), results.peers("rates")
    columns = 2
    lines = -(-len(cases) // columns)
    figure = Figure(figsize=(11, 0.6 * lines + 0.2 * len(peers) * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).flat
    for panel, case in zip(panels, cases, strict=False):
        costs = [results.median("rates", case, peer, "cpu_us") for peer in peers]
        rates = [1e6 / cost if cost else 0 for cost in costs]
        colours = [OURS if peer == PONTY.name else THEIRS for peer in peers]
        bars = panel.barh(peers, rates, color=colours)
        panel.bar_label(bars, [f"{rate:,.0f}" if rate else "" for rate in rates], padding=3, fontsize=8)
        panel.invert_yaxis()
        panel.set_title(f"{case}, answers a second of the core", fontsize=10, loc="left")
        panel.margins(x=0.15)
        panel.tick_params(labelsize=8)
        panel.xaxis.set_visible(False)
        panel.spines[["top", "right", "bottom"]].set_visible(False)
    for panel in list(figure.axes)[len(cases) :]:
        panel.remove()
    figure.savefig(path, format="svg", metadata={"Date": None})
