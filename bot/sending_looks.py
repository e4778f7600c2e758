"""Looks at how messages fare: receipts that stopped, failures, the speed objective."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from bot.alarms import AlarmName, Cause
from bot.config import WatchSettings
from bot.model.api import TRIAL
from bot.model.message import Lane
from bot.model.percent import percentage
from bot.ports import SLOW
from bot.ports.watching import BOUNDS, Speed
from bot.readings import Readings, Rules

SILENT_FOR = timedelta(minutes=5)
"""How long the stretch of messages without receipts must be at least."""
_CHANCE = 1e-4
"""That as many messages in a row get no receipt by accident: below this the stream has stopped."""
_KNOWN_FROM = 50
"""Messages of the last day from which on it is known how many receipts are usual."""


def receipts(readings: Readings, rules: Rules) -> Iterator[Cause]:
    """Messages of five minutes ago and more, back to the last one that got a receipt: is so long a silence usual?"""
    for channel, has_receipts in rules.receipts.items():
        taken, in_time = readings.usual.get(channel, (0, 0))
        if not has_receipts or taken < _KNOWN_FROM or not in_time:
            continue
        stretch, messages = _without_receipts(readings, channel)
        share = min(in_time / taken, 0.99)
        if stretch >= SILENT_FOR and messages * math.log(1 - share) < math.log(_CHANCE):
            yield Cause(
                AlarmName.RECEIPTS,
                channel,
                f"{channel}: {messages} tin liền không có báo cáo, thường có {share:.0%}",
                f"{channel}: {messages} messages in a row without a receipt, usually {share:.0%} have one",
            )


def _without_receipts(readings: Readings, channel: str) -> tuple[timedelta, int]:
    own = [each for each in readings.minutes if each.gateway == channel and each.minute < readings.at - SLOW]
    messages, first = 0, readings.at - SLOW
    for each in sorted(own, key=lambda minute: minute.minute, reverse=True):
        if each.delivered or each.undelivered:
            break
        if each.accepted:
            messages, first = messages + each.accepted, each.minute
    return readings.at - SLOW - first, messages


def failures(readings: Readings, rules: Rules) -> Iterator[Cause]:
    for each in readings.failed:
        if each.name == TRIAL:
            continue  # its failures are what somebody tries out
        volume = max(each.tried, each.failed)
        if volume < rules.watch.failure_volume:
            continue
        percent = 100 * each.failed / volume
        if percent >= rules.watch.failure_percent:
            kind = "kênh" if each.kind == "channel" else "cơ quan"
            yield Cause(
                AlarmName.FAILURES,
                f"{each.kind}/{each.name}",
                f"{kind} {each.name}: {percent:.0f}% trong {volume} tin không gửi được",
                f"{each.kind} {each.name}: {percent:.0f}% of {volume} messages failed",
                is_warning=percent < rules.watch.alarm_percent,
            )


@dataclass(frozen=True, slots=True)
class Pace:
    """How one lane did against the objective."""

    lane: str
    messages: int
    quick_percent: float
    slow: int
    """Messages that took longer than `slow_seconds`."""


def pace_of(speed: Speed, rules: WatchSettings) -> Pace:
    """Settings between two of the bounds in which it is counted are taken as the lower one."""
    quick, slow = speed.within[bound_of(rules.quick_seconds)], speed.within[bound_of(rules.slow_seconds)]
    percent = 100 * quick / speed.messages if speed.messages else 100.0
    return Pace(speed.lane.name.lower(), speed.messages, percent, speed.messages - slow)


def bound_of(seconds: float) -> int:
    return max((bound for bound in BOUNDS if bound <= seconds), default=BOUNDS[0])


def speed(readings: Readings, rules: Rules) -> Iterator[Cause]:
    """A missed objective is shown: what does not leave at all is an alarm of its own."""
    for each in readings.hour:
        pace = pace_of(each, rules.watch)
        if each.lane is Lane.REPLY and pace.messages and (pace.quick_percent < rules.watch.quick_percent or pace.slow):
            yield Cause(
                AlarmName.UNSENT,
                f"speed/{pace.lane}",
                f"tin trả lời trong giờ qua: {percentage(pace.quick_percent, 1)} kịp "
                f"{rules.watch.quick_seconds:g} giây, "
                f"{pace.slow} tin quá {rules.watch.slow_seconds:g} giây",
                f"replies of the last hour: {pace.quick_percent:.1f}% within {rules.watch.quick_seconds:g} s, "
                f"{pace.slow} took longer than {rules.watch.slow_seconds:g} s",
                is_warning=True,
            )
