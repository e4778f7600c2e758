"""What everybody may read of the service: made of the watch's readings, without gateways, agencies and people."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.alarms import AlarmName
from bot.model.message import Lane
from bot.ports import SourceState
from bot.ports.watching import Alarm, Heartbeat, Speed, Waiting
from bot.public_status import Condition, Overall, Trouble, Ways, incidents_of, status_of, trouble_of
from bot.readings import Readings, Rules
from bot.settings import SourceSettings
from tests.support.making import START as NOW

WAYS = Ways(
    schemes={"viettel": "sms", "esms": "sms", "telegram": "telegram", "webchat": "webchat"},
    diverting={"telegram"},
)
RULES = Rules(begun=NOW, sources={"office": SourceSettings(stale_after=3600)})


def alarm(name: AlarmName, subject: str = "", *, ago: float = 5, lasted: float | None = None, days: float = 0) -> Alarm:
    since = NOW - timedelta(days=days, minutes=ago)
    ended = since + timedelta(minutes=lasted) if lasted is not None else None
    return Alarm(name.value, subject, since, "chi tiết về viettel", "detail", cleared_at=ended)


def readings(**changes: Any) -> Readings:
    beats = [Heartbeat("one", f"sender:{name}", NOW, 60.0) for name in WAYS.schemes]
    sources = {"office": SourceState(None, NOW, NOW, NOW - timedelta(minutes=5), revision=1)}
    return replace(Readings(at=NOW, beats=beats, sources=sources), **changes)


def ways(found: Readings, stopped: tuple[str, ...] = ()) -> dict[str, Condition]:
    return dict(status_of(found, RULES, WAYS, stopped=stopped, is_down=False).ways)


def test_while_all_is_well_everything_works() -> None:
    seen = status_of(readings(), RULES, WAYS, is_down=False)

    assert seen.overall is Overall.FINE
    assert seen.ways == dict.fromkeys(("sms", "telegram", "webchat"), Condition.WORKING)
    assert [(each.source, each.is_stale) for each in seen.sources] == [("office", False)]
    assert (seen.replies, seen.incidents) == (None, [])


def test_of_several_gateways_one_that_works_is_enough() -> None:
    one = readings(alarms=[alarm(AlarmName.UNSENT, "esms")])
    both = readings(alarms=[alarm(AlarmName.UNSENT, "esms"), alarm(AlarmName.UNSENT, "viettel")])

    assert ways(one)["sms"] is Condition.WORKING
    assert ways(both)["sms"] is Condition.PAUSED
    assert ways(readings(), stopped=("esms", "viettel"))["sms"] is Condition.PAUSED


def test_a_channel_is_slow_while_news_wait_and_a_broadcast_may_wait() -> None:
    since = NOW - timedelta(minutes=3)

    for queue, lane, expected in (
        ("default", Lane.PUSH, Condition.SLOW), ("viettel", Lane.REPLY, Condition.SLOW),
        ("default", Lane.BULK, Condition.WORKING),
    ):  # fmt: skip
        assert ways(readings(waiting=[Waiting(queue, lane, since, 9)]))["sms"] is expected


def test_a_chat_that_is_blocked_for_long_goes_another_way() -> None:
    beats = [*readings().beats, Heartbeat("one", "channel:telegram", NOW, 60.0, "không nhận tin")]

    assert ways(readings(beats=beats))["telegram"] is Condition.PAUSED
    blocked = readings(beats=beats, alarms=[alarm(AlarmName.UNSENT, "telegram", ago=30)])
    assert ways(blocked)["telegram"] is Condition.ELSEWHERE
    assert ways(blocked)["sms"] is Condition.WORKING


@pytest.mark.parametrize(
    "changes",
    [
        {"beats": []},
        {"beats": [Heartbeat("one", "sender:webchat", NOW - timedelta(minutes=5), 60.0)]},
        {"alarms": [alarm(AlarmName.JOB, "sender:webchat")]},
    ],
)
def test_where_nobody_sends_a_channel_pauses(changes: dict[str, Any]) -> None:
    assert ways(readings(**changes))["webchat"] is Condition.PAUSED


def test_data_that_is_too_old_or_never_came_says_so() -> None:
    old = {"office": SourceState(None, NOW, NOW, NOW - timedelta(hours=2), revision=1)}

    for sources in (old, {}):
        seen = status_of(readings(sources=sources), RULES, WAYS, is_down=False)
        assert [each.is_stale for each in seen.sources] == [True]
        assert seen.overall is Overall.MENDING


def test_without_the_database_it_is_down_and_what_is_known_stays() -> None:
    assert status_of(None, RULES, WAYS, is_down=True).overall is Overall.DOWN
    known = status_of(readings(), RULES, WAYS, is_down=True)
    assert (known.overall, known.ways["sms"]) == (Overall.DOWN, Condition.WORKING)


def test_the_speed_is_that_of_the_answers_of_a_day() -> None:
    within = dict.fromkeys((1, 2, 5), 999) | dict.fromkeys((10, 30, 60, 300), 1000)
    day = [Speed(Lane.REPLY, 1000, within), Speed(Lane.BULK, 9, dict.fromkeys(within, 0))]

    seen = status_of(readings(day=day), RULES, WAYS, is_down=False)

    assert seen.replies is not None
    assert (seen.replies.messages, seen.replies.quick_percent) == (1000, 99.9)


# Incidents


def test_troubles_of_one_kind_that_overlap_are_one_incident() -> None:
    past = [
        alarm(AlarmName.UNSENT, "default/push", days=2, ago=60, lasted=30),
        alarm(AlarmName.UNSENT, "viettel", days=2, ago=45, lasted=30),
        alarm(AlarmName.UNSENT, "esms", days=2, ago=10, lasted=2),
        alarm(AlarmName.SOURCE, "office", ago=90),
    ]

    found = incidents_of(past, since=NOW - timedelta(days=30), now=NOW)

    assert [(each.trouble, each.minutes, each.is_over) for each in found] == [
        (Trouble.STALE, 90, False), (Trouble.LATE, 45, True), (Trouble.LATE, 2, True),
    ]  # fmt: skip


def test_what_is_long_over_or_lasted_seconds_or_concerns_the_house_alone_is_not_told() -> None:
    past = [
        alarm(AlarmName.UNSENT, "viettel", days=40, lasted=600),
        alarm(AlarmName.UNSENT, "viettel", days=1, lasted=0.5),
        *(alarm(name, "x") for name in AlarmName if trouble_of(alarm(name, "x")) is None),
    ]

    assert incidents_of(past, since=NOW - timedelta(days=30), now=NOW) == []
    assert len(past) > 8


def test_an_agency_whose_messages_fail_is_not_shown_to_everybody() -> None:
    assert trouble_of(alarm(AlarmName.FAILURES, "agency/H32.15")) is None
    assert trouble_of(alarm(AlarmName.FAILURES, "channel/esms")) is Trouble.FAILING
