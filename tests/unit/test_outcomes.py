"""What a provider answered, and what becomes of the message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.message import (
    Accepted,
    Alternative,
    ChannelDown,
    DeliveryState,
    Lane,
    OutboxItem,
    Outcome,
    Rejected,
    Retry,
    Situation,
    Uncertain,
)
from bot.model.person import Address
from bot.outcomes import HOURLY, LADDER, Hand, settlement_of, wait_before
from bot.ports import SEEN, Limits
from bot.situation_settings import ReachSettings, Success, WaySettings

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
LIMITS = Limits(longest=0, rate=0, window=10, receipts=True)
HAND = Hand("me", LIMITS, jitter=lambda: 0.0)
ITEM = OutboxItem(
    id="01A",
    dedupe_key="k",
    origin="test:1",
    channel="sms",
    address=Address("sms", "+84912345678"),
    lane=Lane.PUSH,
    situation=Situation.PROGRESS,
    text="x",
    created_at=NOW,
    next_at=NOW,
    expires_at=NOW + timedelta(days=1),
    state=DeliveryState.SENDING,
    attempts=1,
)


def test_accepted_waits_for_its_receipt_where_there_are_receipts() -> None:
    settled = settlement_of(ITEM, Accepted(("7", "8")), HAND, now=NOW)

    assert (settled.state, settled.references, settled.owner) == (DeliveryState.ACCEPTED, ("7", "8"), "me")


def test_accepted_is_the_end_where_no_receipt_will_come() -> None:
    hand = Hand("me", replace(LIMITS, receipts=False))

    assert settlement_of(ITEM, Accepted(), hand, now=NOW).state is DeliveryState.DELIVERED


def test_what_only_a_receipt_could_tell_stays_accepted_where_none_comes() -> None:
    sms = Hand("me", replace(LIMITS, receipts=False, arrives_when_accepted=False))

    assert settlement_of(ITEM, Accepted(("7",)), sms, now=NOW).state is DeliveryState.ACCEPTED


def test_accepted_is_the_end_too_where_this_one_will_have_no_receipt() -> None:
    assert settlement_of(ITEM, Accepted(final=True), HAND, now=NOW).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(("attempts", "wait"), [*enumerate(LADDER, 1), (len(LADDER) + 1, HOURLY), (40, HOURLY)])
def test_a_retry_climbs_the_ladder(attempts: int, wait: float) -> None:
    settled = settlement_of(replace(ITEM, attempts=attempts), Retry("busy"), HAND, now=NOW)

    assert settled.state is DeliveryState.QUEUED
    assert settled.next_at == NOW + timedelta(seconds=wait)


def test_a_retry_never_comes_before_the_provider_said() -> None:
    assert wait_before(1, 90.0, lambda: 0.0) == 90.0
    assert wait_before(4, 1.0, lambda: 0.0) == 300.0


def test_a_slow_channel_does_not_push_a_message_up_the_ladder() -> None:
    settled = settlement_of(replace(ITEM, attempts=5), Retry("slow down", 3.0, counts=False), HAND, now=NOW)

    assert (settled.next_at, settled.attempted) == (NOW + timedelta(seconds=3), False)


def test_waits_are_stretched_and_never_shortened_by_chance() -> None:
    assert wait_before(2, None, lambda: 0.999) > wait_before(2, None, lambda: 0.0) == 30.0


def test_a_rejection_is_final() -> None:
    settled = settlement_of(ITEM, Rejected("no such number"), HAND, now=NOW)

    assert (settled.state, settled.reason) == (DeliveryState.FAILED, "no such number")


def test_an_uncertain_send_is_held_and_keeps_what_is_known() -> None:
    settled = settlement_of(ITEM, Uncertain("silence", ("7",)), HAND, now=NOW)

    assert (settled.state, settled.references) == (DeliveryState.UNCERTAIN, ("7",))


def test_an_uncertain_send_is_repeated_only_where_our_reference_is_honoured() -> None:
    hand = Hand("me", replace(LIMITS, honours_reference=True), jitter=lambda: 0.0)

    assert settlement_of(ITEM, Uncertain("silence"), hand, now=NOW).state is DeliveryState.QUEUED


def test_a_channel_that_is_down_costs_the_message_nothing() -> None:
    settled = settlement_of(ITEM, ChannelDown("bad key"), HAND, now=NOW)

    assert (settled.state, settled.attempted, settled.next_at) == (DeliveryState.QUEUED, False, NOW)


def test_a_provider_that_takes_repetition_for_a_mistake_is_not_asked_again_too_soon() -> None:
    patient = Hand("me", replace(LIMITS, repeat_after=300.0), jitter=lambda: 0.0)

    first = settlement_of(ITEM, Retry("busy"), patient, now=NOW)
    later = settlement_of(replace(ITEM, attempts=6), Retry("busy"), patient, now=NOW)

    assert first.next_at == NOW + timedelta(seconds=300)
    assert later.next_at == NOW + timedelta(seconds=1800)


def test_an_uncertain_message_may_be_repeated_where_our_id_is_known_and_nowhere_else() -> None:
    honest = Hand("me", replace(LIMITS, honours_reference=True), jitter=lambda: 0.0)

    settled = settlement_of(ITEM, Uncertain("silence"), honest, now=NOW)

    assert (settled.state, settled.stays) == (DeliveryState.QUEUED, True)
    assert not settlement_of(ITEM, Retry("busy"), honest, now=NOW).stays


def test_what_the_provider_had_before_is_remembered_beside_the_state() -> None:
    settled = settlement_of(ITEM, Accepted(reason="already sent: 124"), HAND, now=NOW)

    assert (settled.state, settled.reason) == (DeliveryState.ACCEPTED, "already sent: 124")


OTHER_WAY = replace(ITEM, alternatives=(Alternative("sms", Address("sms", "+84912345678"), "x"),))


SHUT = (Rejected("403", blocked=True), Rejected("no Zalo"), Retry("quota", elsewhere=True))


@pytest.mark.parametrize("outcome", SHUT)
def test_a_way_that_is_shut_is_left_for_the_next_one(outcome: Rejected | Retry) -> None:
    settled = settlement_of(OTHER_WAY, outcome, HAND, now=NOW)

    assert (settled.state, settled.moves_on, settled.next_at) == (DeliveryState.QUEUED, True, NOW)


def test_what_is_better_elsewhere_waits_where_there_is_no_other_way() -> None:
    settled = settlement_of(ITEM, Retry("quota", 3600, counts=False, elsewhere=True), HAND, now=NOW)

    assert (settled.state, settled.moves_on) == (DeliveryState.QUEUED, False)
    assert settled.next_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("outcome", [Retry("slow"), ChannelDown("key"), Uncertain("silence"), Accepted()])
def test_a_way_that_is_only_slow_or_uncertain_is_not_left(outcome: Outcome) -> None:
    assert not settlement_of(OTHER_WAY, outcome, HAND, now=NOW).moves_on


BY_SMS = Alternative("sms", Address("sms", "+84912345678"), "x")
BY_ZALO = replace(ITEM, channel="zalo", address=Address("zalophone", "+84912345678"), alternatives=(BY_SMS,))


def test_a_way_that_succeeds_only_on_the_phone_has_its_time_and_then_the_next_one_is_taken() -> None:
    progress = settlement_of(BY_ZALO, Accepted(("7",)), HAND, now=NOW)
    result = settlement_of(replace(BY_ZALO, situation=Situation.RESULT), Accepted(("7",)), HAND, now=NOW)

    assert (progress.state, progress.fallback_at) == (DeliveryState.ACCEPTED, NOW + timedelta(minutes=60))
    assert result.fallback_at == NOW + timedelta(minutes=10)


def test_there_is_no_such_time_on_the_last_way_nor_where_accepted_is_enough() -> None:
    last = settlement_of(replace(BY_ZALO, alternatives=()), Accepted(("7",)), HAND, now=NOW)
    by_sms = settlement_of(OTHER_WAY, Accepted(("7",)), HAND, now=NOW)
    arrived = settlement_of(BY_ZALO, Accepted(final=True), HAND, now=NOW)

    assert [each.fallback_at for each in (last, by_sms, arrived)] == [None] * 3
    assert arrived.state is DeliveryState.DELIVERED


def test_an_office_may_want_it_opened() -> None:
    reach = ReachSettings(ways={"zalophone": WaySettings(success=Success.SEEN, minutes=5)})

    settled = settlement_of(BY_ZALO, Accepted(("7",)), replace(HAND, reach=reach), now=NOW)

    assert (settled.held_for, settled.fallback_at) == (SEEN, NOW + timedelta(minutes=5))


def test_a_message_that_is_tried_again_and_again_is_left_for_the_next_way_when_patience_ends() -> None:
    first = settlement_of(BY_ZALO, Retry("busy"), HAND, now=NOW)
    trying = replace(BY_ZALO, attempts=4, fallback_at=first.fallback_at)
    fourth = settlement_of(trying, Retry("busy"), HAND, now=NOW + timedelta(minutes=8))
    last = settlement_of(replace(trying, attempts=6), Retry("busy"), HAND, now=NOW + timedelta(minutes=55))

    assert first.fallback_at == NOW + timedelta(minutes=60)
    assert (fourth.moves_on, fourth.fallback_at) == (False, first.fallback_at)
    assert last.moves_on


@pytest.mark.parametrize("outcome", [Retry("slow down", 30.0, counts=False), ChannelDown("key")])
def test_neither_the_pace_nor_a_bad_key_holds_a_message_for_ever(outcome: Outcome) -> None:
    impatient = replace(BY_ZALO, fallback_at=NOW)

    settled = settlement_of(impatient, outcome, HAND, now=NOW + timedelta(seconds=1))

    assert (settled.moves_on, settled.attempted) == (True, False)


def test_who_may_be_told_in_the_morning_is_not_woken_by_another_way_at_night() -> None:
    until_morning = Retry("night", 8 * 3600, counts=False)

    settled = settlement_of(BY_ZALO, until_morning, HAND, now=NOW)

    assert not settled.moves_on
    assert settled.fallback_at == NOW + timedelta(hours=9)


@pytest.mark.parametrize("outcome", [*SHUT, Retry("busy"), ChannelDown("key")])
def test_what_may_have_been_sent_already_never_takes_another_way(outcome: Outcome) -> None:
    settled = settlement_of(replace(BY_ZALO, fallback_at=NOW), outcome, HAND, now=NOW, repeats=True)

    assert not settled.moves_on
    assert (settled.state is DeliveryState.UNCERTAIN) is isinstance(outcome, Rejected)


def test_an_uncertain_message_waits_for_a_receipt_and_its_time_begins_with_that() -> None:
    settled = settlement_of(BY_ZALO, Uncertain("silence"), HAND, now=NOW)

    assert (settled.state, settled.moves_on) == (DeliveryState.UNCERTAIN, False)
    assert settled.fallback_at == NOW + timedelta(minutes=60)
