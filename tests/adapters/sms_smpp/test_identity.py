"""Which deliveries are one message of a citizen."""

from datetime import timedelta

from adapters.channels.sms_smpp.identity import Identity
from tests.adapters.sms_smpp.support import NOON

CONTENT = b"84912345678>8041:HS H56.14-240823-0001"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def test_a_delivery_repeated_before_it_was_answered_is_the_same_message() -> None:
    identity = Identity()

    first = identity.of(CONTENT, NOON)
    again = identity.of(CONTENT, NOON + 9 * MINUTE)

    assert again == first


def test_a_delivery_repeated_because_our_answer_was_slow_is_the_same_message() -> None:
    identity = Identity()
    first = identity.of(CONTENT, NOON)

    identity.answered(first, NOON + 20 * SECOND)

    assert identity.of(CONTENT, NOON + 40 * SECOND) == first


def test_a_delivery_repeated_after_the_link_was_lost_is_the_same_message() -> None:
    identity = Identity()
    first = identity.of(CONTENT, NOON)
    identity.answered(first, NOON + SECOND)

    identity.link_lost(NOON + 2 * SECOND)

    assert identity.of(CONTENT, NOON + 8 * MINUTE) == first


def test_the_same_words_minutes_later_are_another_message() -> None:
    identity = Identity()
    first = identity.of(CONTENT, NOON)
    identity.answered(first, NOON + SECOND)

    second = identity.of(CONTENT, NOON + 3 * MINUTE)
    identity.answered(second, NOON + 3 * MINUTE)
    third = identity.of(CONTENT, NOON + 6 * MINUTE)

    assert len({first, second, third}) == 3


def test_the_same_answer_to_two_questions_within_a_minute_is_two_messages() -> None:
    identity = Identity()
    first = identity.of(b"1", NOON)
    identity.answered(first, NOON + SECOND)

    assert identity.of(b"1", NOON + 5 * SECOND) != first


def test_a_link_lost_within_a_minute_of_our_answer_may_have_swallowed_it() -> None:
    identity = Identity()
    first = identity.of(CONTENT, NOON)
    identity.answered(first, NOON + SECOND)

    identity.link_lost(NOON + 50 * SECOND)

    assert identity.of(CONTENT, NOON + 5 * MINUTE) == first


def test_a_link_lost_long_after_the_answer_changes_nothing() -> None:
    identity = Identity()
    first = identity.of(CONTENT, NOON)
    identity.answered(first, NOON)

    identity.link_lost(NOON + 2 * MINUTE)

    assert identity.of(CONTENT, NOON + 3 * MINUTE) != first


def test_a_repetition_after_our_restart_is_the_same_message() -> None:
    before, after = Identity(), Identity()

    assert before.of(CONTENT, NOON) == after.of(CONTENT, NOON + MINUTE)


def test_other_content_is_another_message() -> None:
    identity = Identity()

    assert identity.of(CONTENT, NOON) != identity.of(CONTENT + b"2", NOON)


def test_memory_is_bounded_and_the_latest_are_kept() -> None:
    identity = Identity()
    for number in range(25_000):
        identity.of(b"%d" % number, NOON)

    latest = identity.of(b"24999", NOON + MINUTE)

    assert len(identity._seen) == 20_000
    assert latest == Identity().of(b"24999", NOON)
