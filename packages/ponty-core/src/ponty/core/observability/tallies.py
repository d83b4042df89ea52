"""Histograms that are added up where they are counted, and told when they are scraped.

An observation by `prometheus_client` goes through labels, locks and a search from the first bucket on, with each
request. Within one process none of that is needed: a tally finds its bucket by halves, and adds one. Several processes
have to share what they count; there, the histograms of `prometheus_client` are used, which have the same methods.
"""

import bisect
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import HistogramMetricFamily


class Tally:
    """How many values there were, by the bounds that they are within, and their sum.

    Args:
        bounds: The bounds, in order.
    """

    __slots__ = ("_bounds", "_counts", "_lock", "_sum", "created")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()
        self.created: float = time.time()
        """When it began, in seconds since the epoch."""

    def observe(self, value: float) -> None:
        """Count a value."""
        with self._lock:
            self._counts[bisect.bisect_left(self._bounds, value)] += 1
            self._sum += value

    def told(self) -> tuple[list[int], float]:
        """Return how many values were within each bound, within none, and their sum."""
        with self._lock:
            return [*self._counts], self._sum


class TalliedHistogram:
    """A histogram by labels, as `prometheus_client.Histogram` is one.

    Args:
        name: Its name.
        documentation: What it is.
        labelnames: The names of its labels.
        registry: Where it is registered.
        buckets: The bounds of its buckets, in order, without the last, which has none.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Iterable[str],
        *,
        registry: "CollectorRegistry",
        buckets: Sequence[float],
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labelnames = tuple(labelnames)
        self._bounds = [float(bound) for bound in buckets]
        self._tallies: dict[tuple[str, ...], Tally] = {}
        registry.register(self)

    def labels(self, *values: str) -> Tally:
        """Return the tally of a value for each label."""
        return self._tallies.setdefault(values, Tally(self._bounds))

    def describe(self) -> Iterator["HistogramMetricFamily"]:
        """Return what is collected, without a value."""
        yield self._family()

    def collect(self) -> Iterator["HistogramMetricFamily"]:
        """Return the counts so far."""
        from prometheus_client.utils import floatToGoString  # noqa: PLC0415 - an optional dependency

        family = self._family()
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        tells_created = _tells_created()
        for values, tally in [*self._tallies.items()]:
            counts, total = tally.told()
            within = 0
            buckets: list[tuple[str, float]] = []
            for name, count in zip(names, counts, strict=True):
                within += count
                buckets.append((name, float(within)))
            family.add_metric(values, buckets, total)
            if tells_created:
                family.add_sample(
                    f"{self._name}_created", dict(zip(self._labelnames, values, strict=True)), tally.created
                )
        yield family

    def _family(self) -> "HistogramMetricFamily":
        from prometheus_client.metrics_core import HistogramMetricFamily  # noqa: PLC0415 - an optional dependency

        return HistogramMetricFamily(self._name, self._documentation, labels=self._labelnames)


def _tells_created() -> bool:
    """Return whether histograms tell when they began, which the program may have forbidden them."""
    from prometheus_client import Histogram  # noqa: PLC0415 - an optional dependency

    (metric,) = Histogram("probe", "Nothing.", registry=None).collect()
    return any(sample.name.endswith("_created") for sample in metric.samples)
