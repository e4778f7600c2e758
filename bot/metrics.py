"""What /metrics says, from the watch's last look: a scrape reads nothing from the database."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.alarms import Cause
from bot.meters import Meters
from bot.ports.watching import Alarm, Totals
from bot.process_metrics import register
from bot.readings import Readings, Rules
from bot.sending_looks import pace_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Watched(Protocol):
    """What is told of the watch."""

    @property
    def readings(self) -> Readings | None: ...
    @property
    def totals(self) -> Totals | None: ...
    @property
    def counted_at(self) -> datetime | None: ...
    @property
    def looked_at(self) -> datetime | None: ...
    @property
    def causes(self) -> Sequence[Cause]: ...
    @property
    def alarms(self) -> Sequence[Alarm]: ...
    @property
    def rules(self) -> Rules: ...
    def ages(self) -> Mapping[str, float]: ...
    def grants(self) -> Mapping[str, float]: ...


def registry_of(watched: Watched, meters: Meters | None = None) -> CollectorRegistry:
    """A registry of its own, so that nothing but ours is told."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(watched))
    register(registry, meters or Meters())
    return registry


def text_of(registry: CollectorRegistry) -> bytes:
    """In Prometheus' text format."""
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def collect(self) -> Iterator[GaugeMetricFamily]:
        watched = self._watched
        yield from _of_the_watch(watched)
        if watched.totals is not None:
            yield from _of_totals(watched.totals)
        if watched.readings is not None:
            yield from _of_queues(watched.readings)
            yield from _of_speed(watched.readings, watched.rules)
            yield from _of_failures(watched.readings)
            yield from _of_sources(watched.readings)
            yield _of_database(watched.readings)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"motcua_{name}", text, labels=labels)


def _of_the_watch(watched: Watched) -> Iterator[GaugeMetricFamily]:
    looked = _gauge("looked_timestamp_seconds", "When the watch last looked")
    if watched.looked_at is not None:
        looked.add_metric([], watched.looked_at.timestamp())
    counted = _gauge("counted_timestamp_seconds", "When messages and changes were last counted")
    if watched.counted_at is not None:
        counted.add_metric([], watched.counted_at.timestamp())
    alarms = _gauge("alarm", "1 while an alarm is open", "name", "subject")
    for each in watched.alarms:
        alarms.add_metric([each.name, each.subject], 1)
    warnings = _gauge("warning", "1 while something is to be looked at that is no alarm", "name", "subject")
    for cause in watched.causes:
        if cause.is_warning:
            warnings.add_metric([cause.name.value, cause.subject], 1)
    beats = _gauge("beat_age_seconds", "Time since a job of this process gave a sign of life", "beat")
    for job, age in watched.ages().items():
        beats.add_metric([job], age)
    grants = _gauge("sender_grant", "Parts a second that this process may send where there is a limit", "channel")
    for channel, granted in watched.grants().items():
        grants.add_metric([channel], granted)
    yield from (looked, counted, alarms, warnings, beats, grants)


def _of_totals(totals: Totals) -> Iterator[GaugeMetricFamily]:
    messages = _gauge("messages", "Messages by queue and state", "channel", "state")
    for (channel, state), number in sorted(totals.states.items()):
        messages.add_metric([channel, state.value], number)
    planned = _gauge("planned_messages", "Messages ever planned, counted where they were planned")
    planned.add_metric([], totals.planned)
    changes = _gauge("changes", "Changes of dossiers by what came of them", "fate")
    for fate, number in totals.changes.items():
        changes.add_metric([fate], number)
    suppressed = _gauge("suppressed_messages", "Messages not sent on purpose, by reason", "reason")
    for reason, number in totals.suppressed.items():
        suppressed.add_metric([reason], number)
    inbound = _gauge("inbound_messages", "Citizens' messages by channel and outcome", "channel", "outcome")
    for (channel, outcome), number in sorted(totals.inbound.items()):
        inbound.add_metric([channel, outcome], number)
    parked = _gauge("parked_receipts", "Receipts that belong to no known message")
    parked.add_metric([], totals.parked)
    yield from (messages, planned, changes, suppressed, inbound, parked)


def _of_queues(readings: Readings) -> Iterator[GaugeMetricFamily]:
    age = _gauge("oldest_unsent_seconds", "How long the oldest message that is due has waited", "channel", "lane")
    due = _gauge("due_messages", "Messages that are due and have not left", "channel", "lane")
    for each in readings.waiting:
        labels = [each.channel, each.lane.name.lower()]
        age.add_metric(labels, (readings.at - each.since).total_seconds())
        due.add_metric(labels, each.items)
    held = _gauge("held_messages", "Messages held back, by what they wait for", "why")
    held_age = _gauge("oldest_held_seconds", "Age of the oldest message that is held back", "why")
    for holding in readings.held:
        why = holding.why or "person"
        held.add_metric([why], holding.items)
        held_age.add_metric([why], (readings.at - holding.since).total_seconds())
    imbalances = _gauge("ledger_imbalances", "Events that do not balance, and what has no fate or outcome")
    imbalances.add_metric([], len(readings.askew) + readings.fateless + readings.unanswered)
    proven = _gauge("ledger_proven_timestamp_seconds", "Until when the ledger is proven")
    if readings.proof is not None:
        proven.add_metric([], readings.proof.until.timestamp())
    yield from (age, due, held, held_age, imbalances, proven)


def _of_speed(readings: Readings, rules: Rules) -> Iterator[GaugeMetricFamily]:
    messages = _gauge("first_attempts", "First attempts that were answered, in the last hour or day", "lane", "span")
    quick = _gauge("quick_ratio", "Share of them within [watch] quick_seconds of being due", "lane", "span")
    slow = _gauge("slow_messages", "How many of them took longer than [watch] slow_seconds", "lane", "span")
    for span, speeds in (("hour", readings.hour), ("day", readings.day)):
        for each in speeds:
            pace = pace_of(each, rules.watch)
            messages.add_metric([pace.lane, span], pace.messages)
            quick.add_metric([pace.lane, span], pace.quick_percent / 100)
            slow.add_metric([pace.lane, span], pace.slow)
    yield from (messages, quick, slow)


def _of_failures(readings: Readings) -> Iterator[GaugeMetricFamily]:
    tried = _gauge("tried_messages", "Messages that a provider took or refused in the last hour", "kind", "name")
    failed = _gauge("failed_messages", "Messages that failed in the last hour", "kind", "name")
    for each in readings.failed:
        tried.add_metric([each.kind, each.name], each.tried)
        failed.add_metric([each.kind, each.name], each.failed)
    yield from (tried, failed)


def _of_sources(readings: Readings) -> Iterator[GaugeMetricFamily]:
    age = _gauge("source_age_seconds", "How old the data of a source is", "source")
    for name, state in readings.sources.items():
        if fresh_at := state.fresh_at or state.synced_at:
            age.add_metric([name], (readings.at - fresh_at).total_seconds())
    yield age


def _of_database(readings: Readings) -> GaugeMetricFamily:
    size = _gauge("database_bytes", "Size of the database; `wal` is what SQLite has not carried over yet", "part")
    for part, octets in readings.sizes.items():
        size.add_metric([part], octets)
    return size
