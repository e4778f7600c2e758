"""What the readings of the watch mean: pure looks, clocks, signs of life, and metrics that the docs name."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.alarms import AlarmName, Cause
from bot.beats import Beats, patience
from bot.clocks import Clocks, kernel_is_synchronised
from bot.config import WatchSettings
from bot.health import judged
from bot.metrics import registry_of, text_of
from bot.model.message import DeliveryState, Lane
from bot.ports import Failure, Minute, SourceState
from bot.ports.watching import BOUNDS, Alarm, Askew, Failed, Heartbeat, Holding, Proof, Speed, Totals, Waiting
from bot.readings import Readings, Rules
from bot.sending_looks import bound_of
from bot.settings import SourceSettings
from tests.support.making import START, Time

RULES = Rules(
    watch=WatchSettings(),
    sources={"office": SourceSettings(stale_after=3600)},
    receipts={"sms": True, "zalo": False},
    begun=START,
)
NOW = START + timedelta(minutes=30)


def found(rules: Rules = RULES, **readings: object) -> list[Cause]:
    return judged(Readings(at=NOW, **readings), rules)  # type: ignore[arg-type]


def keys(causes: list[Cause]) -> list[tuple[str, str]]:
    return [each.key for each in causes]


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def test_nothing_read_is_nothing_wrong() -> None:
    assert found() == []


# What waits, what fails


def test_what_waits_longer_than_the_limit_is_an_alarm_and_what_is_held_is_not() -> None:
    waiting = [Waiting("sms", Lane.PUSH, ago(minutes=10), 3), Waiting("zalo", Lane.REPLY, ago(minutes=11), 2)]

    (cause,) = found(waiting=waiting, held=[Holding("", ago(days=3), 500)])

    assert cause.key == ("unsent", "zalo/reply")
    assert "11 phút" in cause.vietnamese


@pytest.mark.parametrize(
    ("tried", "failed", "outcome"),
    [(19, 19, None), (100, 2, None), (100, 3, "shown"), (100, 29, "shown"), (100, 30, "alarm"), (0, 20, "alarm")],
)
def test_failures_are_shown_from_three_percent_and_an_alarm_from_thirty(
    tried: int, failed: int, outcome: str | None
) -> None:
    causes = found(failed=[Failed("agency", "H32", tried, failed)])

    assert [("shown" if each.is_warning else "alarm") for each in causes] == ([outcome] if outcome else [])


def speed(lane: Lane, messages: int, *, quick: int, slow: int = 0) -> Speed:
    return Speed(lane, messages, {bound: quick if bound <= 5 else messages - slow for bound in BOUNDS})


def test_a_missed_speed_objective_of_replies_is_shown_and_no_alarm() -> None:
    assert found(hour=[speed(Lane.REPLY, 1000, quick=990)]) == []
    assert found(hour=[speed(Lane.BULK, 1000, quick=1, slow=900)]) == []
    for missed in (speed(Lane.REPLY, 1000, quick=989), speed(Lane.REPLY, 1000, quick=1000, slow=1)):
        (cause,) = found(hour=[missed])
        assert cause.is_warning


def test_limits_between_two_bounds_count_as_the_lower_one() -> None:
    assert [bound_of(seconds) for seconds in (0.5, 1, 4.9, 5, 7, 60, 1000)] == [1, 1, 2, 5, 5, 60, 300]


# Receipts


def taken(minutes_ago: int, *, accepted: int = 5, delivered: int = 0) -> Minute:
    return Minute(gateway="sms", minute=ago(minutes=minutes_ago), accepted=accepted, delivered=delivered)


def test_a_silence_of_receipts_is_judged_by_how_usual_they_are() -> None:
    silent = [taken(minutes) for minutes in range(6, 14)]

    assert keys(found(minutes=silent, usual={"sms": (1000, 900)})) == [("receipts", "sms")]
    assert keys(found(minutes=silent, usual={"sms": (1000, 300)})) == [("receipts", "sms")]
    assert found(minutes=silent, usual={"sms": (1000, 100)}) == []
    assert found(minutes=silent, usual={"sms": (1000, 0)}) == []
    assert found(minutes=silent, usual={"sms": (49, 49)}) == []
    assert found(minutes=silent, usual={"zalo": (1000, 900)}) == []


def test_one_receipt_among_the_latest_ends_the_silence() -> None:
    heard = [taken(6, delivered=1), *(taken(minutes) for minutes in range(7, 14))]

    assert found(minutes=heard, usual={"sms": (1000, 900)}) == []


def test_a_few_messages_at_once_are_no_stretch_of_time() -> None:
    assert found(minutes=[taken(6, accepted=100)], usual={"sms": (1000, 900)}) == []


# Sources and jobs


def state(**given: object) -> SourceState:
    return replace(SourceState("c", START, START, fresh_at=ago(minutes=1)), **given)  # type: ignore[arg-type]


def test_a_source_is_missed_when_its_data_is_old_when_it_fails_or_was_never_there() -> None:
    late = replace(RULES, begun=NOW - timedelta(hours=2))

    assert found(sources={"office": state()}) == []
    assert keys(found(sources={"office": state(fresh_at=ago(minutes=61))})) == [("source", "office")]
    assert keys(found(late)) == [("source", "office")]
    failure = Failure(ago(minutes=11), NOW, 11, "closed")
    assert keys(found(sources={"office": state()}, source_failures={"office": failure})) == [("source", "office")]
    young = replace(failure, since=ago(minutes=9))
    assert found(sources={"office": state()}, source_failures={"office": young}) == []


def test_old_data_is_said_in_hours_and_in_minutes_where_it_is_less_than_one() -> None:
    soon = replace(RULES, sources={"office": SourceSettings(stale_after=120)})

    [minutes] = found(soon, sources={"office": state(fresh_at=ago(minutes=14))})
    [hours] = found(sources={"office": state(fresh_at=ago(minutes=90))})

    assert (minutes.vietnamese, minutes.english) == (
        "office: dữ liệu đã cũ 14 phút", "office: its data is 14 min old",
    )  # fmt: skip
    assert (hours.vietnamese, hours.english) == ("office: dữ liệu đã cũ 1.5 giờ", "office: its data is 1.5 h old")


def test_a_brake_waits_for_a_person() -> None:
    assert keys(found(sources={"office": state(braked_at=ago(minutes=1))})) == [("brake", "office")]


def beat(name: str, silence: float, *, owner: str = "one", every: float = 60.0) -> Heartbeat:
    return Heartbeat(owner, name, ago(seconds=silence), every)


def test_a_job_is_missed_by_its_own_measure() -> None:
    here = beat("watch", 1)

    assert found(beats=[here, beat("sweeper", 180), beat("talks", 780, every=300)]) == []
    assert keys(found(beats=[here, beat("sweeper", 181)])) == [("job", "sweeper")]
    assert keys(found(beats=[here, beat("source:office", 181)])) == [("source", "office")]


def test_slow_jobs_are_missed_within_a_quarter_of_an_hour() -> None:
    assert (patience(1.0), patience(20.0), patience(60.0), patience(300.0)) == (60.0, 60.0, 180.0, 780.0)
    assert patience(86_400.0) == 86_880.0


def test_what_another_living_process_does_is_not_missed_where_one_died() -> None:
    dead, here = beat("sweeper", 3000, owner="dead"), beat("watch", 1)

    assert keys(found(beats=[here, dead])) == [("job", "sweeper")]
    assert found(beats=[here, beat("sweeper", 5), dead]) == []


@pytest.mark.parametrize("seconds", range(0, 200, 5))
def test_a_process_that_was_killed_and_started_anew_raises_no_alarm_at_any_moment(seconds: int) -> None:
    """The dead one wrote down its signs up to 15 seconds before; the new one is at work 6 seconds after."""
    dead = [
        beat(name, seconds + 15 - young, owner="dead", every=10.0)
        for name, young in (("turns", 0), ("sweeper", -9), ("texts", -14))
    ]
    new = [beat(name, 5, every=10.0) for name in ("turns", "sweeper", "texts")] if seconds >= 6 else []

    assert [each for each in found(beats=[*dead, *new]) if new] == []


def test_a_job_that_stands_still_in_one_process_is_missed_though_another_has_one_of_its_name() -> None:
    here, still = beat("sweeper", 5), [beat("turns", 10, owner="two"), beat("sweeper", 100, owner="two", every=10.0)]

    assert keys(found(beats=[here, *still])) == [("job", "sweeper")]


def test_what_a_dead_process_did_for_a_channel_that_is_no_longer_configured_is_not_missed() -> None:
    here = beat("watch", 1)

    assert found(beats=[here, beat("sender:telegram", 3000, owner="dead")]) == []
    assert keys(found(beats=[here, beat("sender:sms", 3000, owner="dead")])) == [("job", "sender:sms")]


def test_what_a_process_complained_of_before_it_died_is_over() -> None:
    complaint = Heartbeat("dead", "channel:sms", ago(minutes=3), 60.0, "sms: không nhận tin", "sms: takes nothing")

    assert found(beats=[complaint, beat("sender:sms", 5)]) == []
    assert keys(found(beats=[replace(complaint, at=ago(seconds=20)), beat("sender:sms", 5)])) == [("unsent", "sms")]


def test_a_process_that_complains_is_heard() -> None:
    complaint = Heartbeat("two", "clock:jump", NOW, 60.0, "đồng hồ nhảy", "the clock jumped")

    assert keys(found(beats=[complaint])) == [("clock", "jump")]


# Signs of life


def test_signs_of_life_are_dated_by_the_wall_clock_as_it_stands_now() -> None:
    time, steady = Time(), [100.0]
    beats = Beats(time, "one", monotonic=lambda: steady[0])
    beat = beats.of("sweeper", every=1.0)
    steady[0] += 30
    time.pass_(days=400)

    late = beats.listed()
    beat()

    assert late == [Heartbeat("one", "sweeper", time.now - timedelta(seconds=30), 1.0)]
    assert beats.ages() == {"sweeper": 0.0}


def test_a_complaint_stands_until_the_job_says_that_all_is_well() -> None:
    beats = Beats(Time(), "one", monotonic=lambda: 0.0)
    beats.complain("clock:zone", "sai", "wrong", every=60)
    complaining = beats.listed()
    beats.end("clock:zone")

    assert [each.trouble for each in complaining] == ["sai"]
    assert beats.listed() == []


# Clocks


class Hands:
    """Clocks that a test sets."""

    def __init__(self) -> None:
        self.time, self.steady = Time(), 0.0
        self.clocks = Clocks(wall=self.time, monotonic=lambda: self.steady, kernel=lambda: None, host="may-chu")

    def pass_(self, seconds: float, *, jump: float = 0.0) -> None:
        self.steady += seconds
        self.time.pass_(seconds=seconds + jump)

    def look(self, stored: datetime | None = None, database: datetime | None = None) -> list[str]:
        return [each.subject for each in self.clocks.look(stored=stored, database=database)]


@pytest.mark.parametrize("jump", [-6.0, 6.0, 3600.0])
def test_a_jump_of_the_wall_clock_is_seen_for_half_an_hour(jump: float) -> None:
    hands = Hands()
    hands.look()
    hands.pass_(60, jump=jump)
    first = hands.look()
    hands.pass_(1790)
    later = hands.look()
    hands.pass_(20)

    assert (first, later, hands.look()) == (["jump"], ["jump"], [])


def test_a_clock_that_is_steered_gently_has_not_jumped() -> None:
    hands = Hands()
    for _ in range(10):
        hands.pass_(60, jump=0.5)
        assert hands.look() == []


def test_the_databases_clock_and_what_was_stored_are_compared() -> None:
    hands = Hands()
    now = hands.time.now

    assert hands.look(database=now - timedelta(seconds=11)) == ["database"]
    assert hands.look(database=now + timedelta(seconds=9), stored=now + timedelta(seconds=59)) == []
    assert hands.look(stored=now + timedelta(seconds=61)) == ["stored"]


def test_vietnam_is_seven_hours_ahead_now_and_for_a_year_or_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = Hands().look()
    monkeypatch.setattr("bot.clocks._ZONE", "Asia/Tokyo")

    assert (right, Hands().look()) == ([], ["zone"])


def test_what_the_kernel_says_is_shown_and_no_alarm() -> None:
    hands = Hands()
    hands.clocks.kernel = lambda: False

    (trouble,) = hands.clocks.look(stored=None, database=None)

    assert (trouble.subject, trouble.is_warning) == ("kernel", True)
    assert kernel_is_synchronised() in (True, False, None)


# Metrics


class Watched:
    """A watch that has seen something of everything."""

    totals = Totals(
        1, {("sms", DeliveryState.QUEUED): 1}, {"no phone number": 1}, {"planned": 1}, {("sms", "help"): 1}, 0
    )
    counted_at = looked_at = NOW
    causes = (Cause(AlarmName.CLOCK, "kernel", "", "", is_warning=True),)
    alarms = (Alarm("unsent", "sms/push", NOW, "", ""),)
    rules = RULES
    readings = Readings(
        at=NOW,
        waiting=[Waiting("sms", Lane.PUSH, ago(minutes=2), 3)],
        held=[Holding("", ago(minutes=1), 2)],
        hour=[speed(Lane.REPLY, 100, quick=99, slow=1)],
        failed=[Failed("channel", "sms", 10, 1)],
        sources={"office": state()},
        proof=Proof(NOW, NOW, NOW),
        askew=[Askew("change:office:x:1", 1, 0)],
    )

    def ages(self) -> dict[str, float]:
        return {"sweeper": 1.5}

    def grants(self) -> dict[str, float]:
        return {"sms": 150.0}


def test_metrics_are_prometheus_text_of_the_last_look() -> None:
    text = text_of(registry_of(Watched())).decode()

    assert 'motcua_oldest_unsent_seconds{channel="sms",lane="push"} 120.0' in text
    assert 'motcua_quick_ratio{lane="reply",span="hour"} 0.99' in text
    assert 'motcua_alarm{name="unsent",subject="sms/push"} 1.0' in text
    assert "python_info" not in text


def test_before_the_first_look_metrics_say_nothing_wrong() -> None:
    watched = Watched()
    watched.readings = watched.totals = None  # type: ignore[assignment]

    assert "motcua_messages" not in text_of(registry_of(watched)).decode()


def test_the_docs_explain_every_alarm() -> None:
    page = Path("docs/canh-bao.md").read_text(encoding="utf-8")

    assert set(re.findall(r"(?m)^### `([a-z]+)`", page)) == {each.value for each in AlarmName}
