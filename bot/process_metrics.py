"""What /metrics says of the process itself: its own counts, its program, what the system knows of it."""

import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from bot.meters import Meters, Timing


@cache
def program() -> str:
    """The version of what runs."""
    try:
        return version("motcua-bot")
    except PackageNotFoundError:
        return "unknown"


def register(registry: CollectorRegistry, meters: Meters) -> None:
    """`process_…` is read from /proc at each scrape; elsewhere than on Linux there is none."""
    registry.register(_OfProcess(meters))
    ProcessCollector(registry=registry)


class _OfProcess(Collector):
    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def collect(self) -> Iterator[GaugeMetricFamily | HistogramMetricFamily]:
        build = GaugeMetricFamily("motcua_build_info", "1, by the program's version", labels=["version", "python"])
        build.add_metric([program(), platform.python_version()], 1)
        yield build
        calls = _histogram("provider_call_seconds", "Until a provider's answer", "channel", "outcome")
        for channel, each in list(self._meters.calls.items()):
            for outcome, timing in each.timings().items():
                _add(calls, timing, channel, outcome)
        yield calls
        requests = _histogram("web_request_seconds", "Until a call was answered", "route", "status")
        for (route, status), timing in list(self._meters.web.items()):
            _add(requests, timing, route, status)
        yield requests
        lag = _histogram("event_loop_lag_seconds", "How much later than asked for the event loop came back")
        _add(lag, self._meters.lag)
        yield lag


def _histogram(name: str, text: str, *labels: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(f"motcua_{name}", text, labels=labels)


def _add(family: HistogramMetricFamily, timing: Timing, *labels: str) -> None:
    family.add_metric(labels, timing.buckets(), timing.seconds)
