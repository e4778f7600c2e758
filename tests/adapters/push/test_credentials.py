"""Who may call, and how long."""

import pytest
from pydantic import SecretStr, ValidationError

from adapters.sources import push
from adapters.sources.push import PushSource
from bot.settings import Settings
from tests.adapters.push.support import KEY, PASSWORD, SIGNING_KEY, Software, record, settings, signed, software

UNAUTHORISED = (401, "unauthorised")
BODY = b'{"MaHoSo":"H56.14-261122-0001","TrangThaiHoSo":"4"}'


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": KEY + " "},
        {"x-api-key": KEY[:-1]},
        {"x-api-key": "mật khẩu \udcff"},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {KEY}"},
        {"authorization": "Bearer 99999999999.0000"},
        {"authorization": "Bearer é.é"},
        {"authorization": "Basic dm5wdDp2bnB0"},
        {"x-signature": "sha256=", "x-timestamp": ""},
        {"x-signature": "sha256=é", "x-timestamp": "1"},
    ],
)
async def test_who_proves_nothing_is_refused_and_nothing_is_kept(headers: dict[str, str]) -> None:
    caller = software(signing_keys=[SecretStr(SIGNING_KEY)])

    call = await caller.send("dossiers", record(), headers=headers)

    assert call.verdict == UNAUTHORISED
    assert call.answer.headers == (("WWW-Authenticate", 'Bearer realm="motcua"'),)
    assert caller.office.batches == []


async def test_two_keys_are_good_while_one_replaces_the_other() -> None:
    caller = software(keys=[SecretStr(KEY), SecretStr("the next key of the office")])

    answers = [
        await caller.send("dossiers", record(), headers={"x-api-key": key})
        for key in (KEY, "the next key of the office", "the last key of the office")
    ]

    assert [each.status for each in answers] == [200, 200, 401]


async def test_a_signed_call_is_taken_and_a_changed_one_is_not() -> None:
    caller = software(signing_keys=[SecretStr(SIGNING_KEY)])
    headers = signed(BODY, caller.time)

    whole = await caller.send("dossiers", BODY, headers=headers)
    changed = await caller.send("dossiers", BODY.replace(b'"4"', b'"9"'), headers=headers)
    of_another = await caller.send("dossiers", BODY, headers=signed(BODY, caller.time, key="another signing key"))

    assert [whole.status, changed.status, of_another.status] == [200, 401, 401]


@pytest.mark.parametrize(("late", "status"), [(0, 200), (299, 200), (-299, 200), (301, 401), (-301, 401)])
async def test_a_clock_may_differ_by_five_minutes(late: float, status: int) -> None:
    caller = software(signing_keys=[SecretStr(SIGNING_KEY)])

    call = await caller.send("dossiers", BODY, headers=signed(BODY, caller.time, late=late))

    assert call.status == status


async def test_a_recorded_call_cannot_be_played_later_even_with_a_new_time() -> None:
    caller = software(signing_keys=[SecretStr(SIGNING_KEY)])
    recorded = signed(BODY, caller.time)
    caller.time.pass_(minutes=6)

    replayed = await caller.send("dossiers", BODY, headers=recorded)
    with_new_time = recorded | {"x-timestamp": signed(BODY, caller.time)["x-timestamp"]}
    dressed_up = await caller.send("dossiers", BODY, headers=with_new_time)

    assert (replayed.status, dressed_up.status) == (401, 401)


async def test_a_session_is_good_until_it_ends() -> None:
    caller = software(session_seconds=3_600)
    bearer = {"authorization": f"Bearer {await caller.session()}"}

    caller.time.pass_(minutes=59)
    fresh = await caller.send("dossiers", record(), headers=bearer)
    caller.time.pass_(minutes=1)
    ended = await caller.send("dossiers", record(), headers=bearer)

    assert (fresh.status, ended.status) == (200, 401)


async def test_a_restart_keeps_sessions_and_a_new_password_ends_them() -> None:
    session = await software().session()
    bearer = {"authorization": f"Bearer {session}"}

    restarted, changed = software(), software(users={"vnpt": SecretStr("mật khẩu mới của phần mềm")})
    other_source = Software(PushSource("another", settings(), clock=restarted.time), restarted.office, restarted.time)

    assert (await restarted.send("dossiers", record(), headers=bearer)).status == 200
    assert (await changed.send("dossiers", record(), headers=bearer)).status == 401
    assert (await other_source.send("dossiers", record(), headers=bearer)).status == 401


async def test_a_session_cannot_be_made_longer() -> None:
    caller = software()
    expires, seal = (await caller.session()).split(".")

    forged = await caller.send("dossiers", record(), headers={"authorization": f"Bearer {int(expires) + 1}.{seal}"})

    assert forged.status == 401


@pytest.mark.parametrize(
    "login",
    [
        {"username": "vnpt", "password": "sai"},
        {"username": "ai đó", "password": PASSWORD},
        {"username": "vnpt"},
        {"username": "vnpt", "password": None},
        {"username": ["vnpt"], "password": {"$ne": ""}},
        {"username": "vnpt", "password": "\ud800"},
        {"username": "khách", "password": ""},
        ["vnpt", PASSWORD],
        b"{",
        b"",
    ],
)
async def test_a_wrong_log_in_gets_no_session(login: object) -> None:
    call = await software().send("auth", login, headers={})

    assert call.verdict == (200, "-1")
    assert "session" not in call.json


async def test_only_the_ways_that_are_configured_are_open() -> None:
    caller = software(users={})

    login = await caller.send("auth", {"username": "", "password": ""}, headers={})
    signature = await caller.send("dossiers", BODY, headers=signed(BODY, caller.time, key=""))

    assert login.verdict == (200, "-1")
    assert signature.status == 401


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"keys": [], "users": {}}, "nobody could call"),
        ({"keys": [SecretStr("short")]}, "at least 16 characters"),
        ({"users": {"vnpt": SecretStr("123456")}}, "at least 16 characters"),
        ({"keys": [KEY]}, "env:NAME"),
    ],
)
def test_a_source_that_anybody_or_nobody_could_call_is_not_opened(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        settings(**changes)


async def test_every_secret_is_named_so_that_no_log_shows_it() -> None:
    chosen: Settings = settings(signing_keys=[SecretStr(SIGNING_KEY)])

    async with push.open("office", chosen) as source:  # type: ignore[arg-type]
        assert set(source.secrets) == {KEY, SIGNING_KEY, PASSWORD}
        assert source.push is not None
        assert source.source is None
    assert not {KEY, SIGNING_KEY, PASSWORD} & set(repr(source).split("'"))
