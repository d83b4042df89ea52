"""Histograms that Ponty adds up itself tell what those of prometheus_client would."""

import prometheus_client
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from ponty.core.observability.tallies import TalliedHistogram

BUCKETS = (0.001, 0.5, 1, 1_000_000)
VALUES = [
    (("GET", "/a"), 0.001),
    (("GET", "/a"), 0.0011),
    (("GET", "/a"), 1),
    (("POST", '/"b"\n'), 2e6),
    (("PUT", ""), 0),
]


def told(histogram, generate):
    registry = CollectorRegistry()
    made = histogram("seconds", "Some seconds.", ["method", "route"], registry=registry, buckets=BUCKETS)
    for labels, value in VALUES:
        made.labels(*labels).observe(value)
    lines = generate(registry).decode().splitlines()
    return [line.rpartition(" ")[0] if "_created" in line else line for line in lines]


@pytest.mark.parametrize("generate", [generate_latest, generate_openmetrics])
@pytest.mark.parametrize("created", [True, False])
def test_it_is_told_alike(generate, created):
    if not created:
        prometheus_client.disable_created_metrics()
    try:
        assert told(TalliedHistogram, generate) == told(prometheus_client.Histogram, generate)
    finally:
        prometheus_client.enable_created_metrics()


def test_a_registry_takes_its_name_once():
    registry = CollectorRegistry()
    TalliedHistogram("seconds", "Some.", ["method"], registry=registry, buckets=BUCKETS)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        prometheus_client.Counter("seconds_count", "Some.", registry=registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        TalliedHistogram("seconds", "Some.", ["method"], registry=registry, buckets=BUCKETS)
