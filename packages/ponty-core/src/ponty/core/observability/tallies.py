"""Tallies: quick histograms for a single process, which are converted when they are scraped.

In `prometheus_client`, each observation goes through labels, locks and a search through all buckets. A single process
does not need that: a tally finds its bucket by bisection, and adds one. Several processes have to share their counts.
Then the histograms of `prometheus_client` are used, which have the same methods.
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
    """Counts of values by bucket, and their sum.

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
        """The time when it was made, in seconds since the epoch."""

    def observe(self, value: float) -> None:
        """Count a value."""
        with self._lock:
            self._counts[bisect.bisect_left(self._bounds, value)] += 1
            self._sum += value

    def told(self) -> tuple[list[int], float]:
        """Return the counts of all buckets, the last of which has no bound, and the sum of the values."""
        with self._lock:
            return [*self._counts], self._sum


class TalliedHistogram:
    """A histogram by labels, like `prometheus_client.Histogram`.

    Args:
        name: The name.
        documentation: A sentence that describes it.
        labelnames: The names of its labels.
        registry: The registry.
        buckets: The bounds of its buckets, in order, without the last bucket, which has no bound.
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
        """Return the tally for the values of all labels."""
        return self._tallies.setdefault(values, Tally(self._bounds))

    def describe(self) -> Iterator["HistogramMetricFamily"]:
        """Yield the metric without values."""
        yield self._family()

    def collect(self) -> Iterator["HistogramMetricFamily"]:
        """Yield the metric with the counts so far."""
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
    """Return whether histograms report when they were made, which a program can switch off."""
    from prometheus_client import Histogram  # noqa: PLC0415 - an optional dependency

    (metric,) = Histogram("probe", "Nothing.", registry=None).collect()
    return any(sample.name.endswith("_created") for sample in metric.samples)
