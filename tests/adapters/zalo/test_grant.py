"""When a pair of tokens may be exchanged, and what an answer does to it; without a network."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.channels.zalo.grant import Grant
from adapters.channels.zalo.refresher import ANSWERED, LOST, NOT_SENT
from adapters.channels.zalo.spool import Written
from tests.adapters.zalo.support import ACCESS, REFRESH, grant

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
SIX_HOURS = timedelta(hours=6)
NEW = {"access_token": "another-access-token", "refresh_token": "another-refresh-token", "expires_in": "90000"}


def answered(body: object, status: int = 200) -> Written:
    text = body if isinstance(body, str) else json.dumps(body)
    return Written(ANSWERED, NOW - timedelta(seconds=3), status, text)


def test_a_pair_is_kept_and_read_again() -> None:
    kept = grant(NOW, age=19).begun(NOW, "here").after(Written(LOST, NOW, reason="TimeoutError"), now=NOW)

    assert Grant.read(kept.text) == kept
    assert Grant.read(grant(NOW).text) == grant(NOW)


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"access_token": "x"}'])
def test_nothing_readable_is_no_pair(content: str) -> None:
    assert Grant.read(content) is None


def test_what_a_newer_release_added_does_not_stop_an_older_one() -> None:
    assert Grant.read(json.dumps({**json.loads(grant(NOW).text), "proof": "new"})) == grant(NOW)


def test_a_pair_never_shows() -> None:
    shown = repr(grant(NOW)) + str(grant(NOW)) + repr(answered(NEW))

    assert not any(secret in shown for secret in (ACCESS, REFRESH, *NEW.values()))


@pytest.mark.parametrize(("left", "is_due"), [(6.1, False), (6, True), (0.5, True), (-1, True)])
def test_a_pair_is_due_six_hours_before_its_end(left: float, is_due: bool) -> None:
    assert grant(NOW, hours=left, age=25 - left).is_due(NOW, before=SIX_HOURS) is is_due


def test_a_token_with_a_short_life_is_due_at_half_of_it() -> None:
    assert not grant(NOW, hours=0.6, age=0.4).is_due(NOW, before=SIX_HOURS)
    assert grant(NOW, hours=0.5, age=0.5).is_due(NOW, before=SIX_HOURS)


def test_a_pair_that_is_new_is_not_exchanged_again() -> None:
    assert not grant(NOW, age=0.1).may_renew(NOW, is_dead=True)
    assert grant(NOW, age=0.2).may_renew(NOW, is_dead=True)


def test_while_an_answer_is_not_known_nobody_repeats_and_the_old_token_is_used() -> None:
    begun = grant(NOW, hours=5, age=20).begun(NOW, "there")
    lost = begun.after(Written(LOST, NOW, reason="TimeoutError"), now=NOW)
    later = NOW + timedelta(hours=4)

    assert not begun.may_renew(later, is_dead=False)
    assert not lost.may_renew(later, is_dead=False)
    assert lost.access_token == ACCESS
    assert lost.lives(later)


def test_when_the_old_token_is_dead_there_is_nothing_to_lose_once_the_refresher_is_over() -> None:
    begun = grant(NOW, hours=-1, age=26).begun(NOW, "there")

    assert not begun.may_renew(NOW + timedelta(seconds=59), is_dead=True)
    assert begun.may_renew(NOW + timedelta(seconds=60), is_dead=True)


def test_after_failures_the_pauses_grow_to_an_hour() -> None:
    failing = grant(NOW, hours=5, age=20)
    pauses = []
    for _ in range(9):
        failing = failing.after(Written(NOT_SENT, NOW, reason="ConnectionRefusedError"), now=NOW)
        pauses.append(next(s for s in range(1, 4000) if failing.may_renew(NOW + timedelta(seconds=s), is_dead=False)))

    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_whole_pair_takes_the_place_of_the_pair_and_of_all_trouble() -> None:
    before = grant(NOW, age=20).after(Written(NOT_SENT, NOW), now=NOW).begun(NOW, "here")

    after = before.after(answered(NEW), now=NOW)

    asked_at = NOW - timedelta(seconds=3)
    assert after == Grant(
        access_token="another-access-token",
        refresh_token="another-refresh-token",
        expires_at=asked_at + timedelta(hours=25),
        refreshed_at=asked_at,
    )


@pytest.mark.parametrize("life", [None, "", "soon", "nan", "inf", "-5", True, [], 10**30])
def test_a_pair_whose_life_is_not_told_is_kept_and_soon_renewed(life: Any) -> None:
    after = grant(NOW).after(answered(NEW | {"expires_in": life}), now=NOW)

    assert after.refresh_token == "another-refresh-token"
    assert after.expires_at == NOW - timedelta(seconds=3) + timedelta(hours=1)


@pytest.mark.parametrize(
    "body",
    [
        {"error": -14014, "error_name": "Invalid refresh token"},
        {"error": 0, "access_token": "another-access-token"},
        {"error": "x"},
        {"error": -1, "access_token": "", "refresh_token": ""},
    ],
)
def test_an_error_never_overwrites_the_pair_and_may_be_tried_again(body: dict[str, Any]) -> None:
    before = grant(NOW, hours=5, age=20).begun(NOW, "here")

    after = before.after(answered(body), now=NOW)

    assert (after.access_token, after.refresh_token, after.expires_at) == (ACCESS, REFRESH, before.expires_at)
    assert after.attempt is None
    assert after.trouble.startswith("error ")
    assert after.may_renew(NOW + timedelta(minutes=1), is_dead=False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<html>", 200), ("", 200), ("[]", 200), ("{}", 200), ('{"access_token": "another-access-', 200), ("", 502),
        ("[" * 50_000, 200),
        ({"access_token": "another-access-token"}, 200),
        ({"access_token": "two\nlines-of-it", "refresh_token": "another-refresh-token"}, 200),
        ({"access_token": 5, "refresh_token": "another-refresh-token"}, 200),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_understood_is_an_answer_that_is_lost(body: Any, status: int) -> None:
    after = grant(NOW, hours=5, age=20).begun(NOW, "here").after(answered(body, status), now=NOW)

    assert after.refresh_token == REFRESH
    assert after.attempt is not None
    assert after.attempt.is_lost


@pytest.mark.parametrize("status", [301, 403, 407])
def test_a_block_page_exchanged_nothing(status: int) -> None:
    after = grant(NOW, hours=5, age=20).begun(NOW, "here").after(answered("<p>blocked", status), now=NOW)

    assert after.attempt is None
    assert after.trouble == f"HTTP {status} from somebody who is not Zalo"


def test_a_token_is_not_used_in_its_last_minute() -> None:
    assert grant(NOW, hours=1.1 / 60, age=24).lives(NOW)
    assert not grant(NOW, hours=0.9 / 60, age=24).lives(NOW)
