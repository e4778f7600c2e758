"""A call played back: what was heard is not heard again, ever; what is old and was never heard is not heard either."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model.api import signature
from bot.model.clock import VIETNAM, to_millis
from bot.web.webhooks import REPLAYED
from tests.adapters.zalo.support import OA_ID, USER
from tests.adapters.zalo.test_webhook import mac
from tests.defence.estate import BOT_SECRET, CODE, GATEWAY_SECRET, SIGNING_KEY, TELEGRAM_SECRET, Estate

SOON, LATE, OLD = timedelta(seconds=1), timedelta(minutes=10), timedelta(days=3)


@dataclass(frozen=True)
class Recorded:
    """A call as somebody on the way could have kept it."""

    channel: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    has_moment: bool = True
    """What is signed, or comes under the secret, says when it was said."""


def zalo(at: datetime, number: int = 1) -> Recorded:
    moment = str(to_millis(at))
    event = {
        "event_name": "user_send_text", "app_id": "1", "timestamp": moment, "sender": {"id": USER},
        "recipient": {"id": OA_ID}, "message": {"text": f"HS {CODE}", "msg_id": f"m{number}"},
    }  # fmt: skip
    body = json.dumps(event).encode()
    return Recorded("zalo", "/webhooks/zalo", body, {"X-ZEvent-Signature": f"mac={mac(body, moment)}"})


def follow(at: datetime, number: int = 1) -> Recorded:
    """It has no id of its own: one is made of who, what and when."""
    moment = str(to_millis(at))
    event = {"event_name": "follow", "oa_id": OA_ID, "follower": {"id": USER}, "timestamp": moment}
    body = json.dumps(event).encode()
    return Recorded("zalo", "/webhooks/zalo", body, {"X-ZEvent-Signature": f"mac={mac(body, moment)}"})


def zalobot(at: datetime, number: int = 1) -> Recorded:
    message = {
        "message_id": f"b{number}", "chat": {"id": "6ede9afa66b88fe6", "chat_type": "PRIVATE"}, "text": f"HS {CODE}",
        "date": to_millis(at),
    }  # fmt: skip
    body = json.dumps({"event_name": "message.text.received", "message": message}).encode()
    return Recorded("zalobot", "/webhooks/zalobot", body, {"X-Bot-Api-Secret-Token": BOT_SECRET})


def telegram(at: datetime, number: int = 1) -> Recorded:
    person = {"id": 5_000_000_100, "is_bot": False, "first_name": "Lan"}
    message = {
        "message_id": 7,
        "from": person,
        "chat": {**person, "type": "private"},
        "text": CODE,
        "date": int(at.timestamp()),
    }
    body = json.dumps({"update_id": 870_000_100 + number, "message": message}).encode()
    return Recorded("telegram", "/webhooks/telegram", body, {"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET})


def esms(at: datetime, number: int = 1) -> Recorded:
    said = {
        "cpid": "motcua",
        "smsid": f"s{number}",
        "content": "HS",
        "receiverTime": f"{at.astimezone(VIETNAM):%Y%m%d%H%M%S}",
    }
    digest = hashlib.md5("".join([*said.values(), SIGNING_KEY]).encode(), usedforsecurity=False).digest()
    query = "&".join(f"{name}={value}" for name, value in said.items())
    sign = base64.b64encode(digest).decode().replace("+", "%2B")
    path = f"/webhooks/esms/{GATEWAY_SECRET}/mo?{query}&sender=84912345678&serviceNumber=8041&sign={sign}"
    # A moment far from ours is taken for a wrong clock.
    return Recorded("esms", path, method="GET", has_moment=False)


def gateway(at: datetime, number: int = 1) -> Recorded:
    path = f"/webhooks/gateway/{GATEWAY_SECRET}/mo?id={number}&from=84912345678&text=HS"
    return Recorded("gateway", path, method="GET", has_moment=False)


CALLS: tuple[Callable[..., Recorded], ...] = (zalo, follow, zalobot, telegram, esms, gateway)


async def play(estate: Estate, call: Recorded) -> int:
    async with estate.http.request(
        call.method, f"{estate.url}{call.path}", data=call.body or None, headers=dict(call.headers)
    ) as answer:
        await answer.read()
        return answer.status


def test_the_window_is_longer_than_any_provider_goes_on() -> None:
    """Telegram: 24 hours. Zalo: 30 s, 5, 15, 30 min, 1 h, one after the other."""
    zalo_gives_up = timedelta(seconds=30) + timedelta(minutes=5 + 15 + 30 + 60)

    assert max(timedelta(hours=24), zalo_gives_up) * 2 <= REPLAYED < OLD


@pytest.mark.parametrize("recorded", CALLS, ids=lambda each: each.__name__)
async def test_what_was_heard_is_never_heard_again(estate: Estate, recorded: Callable[..., Recorded]) -> None:
    call, statuses = recorded(estate.clock()), []

    for after in (timedelta(0), SOON, LATE - SOON, OLD - LATE):
        estate.clock.moved += after
        statuses.append(await play(estate, call))

    assert statuses == [200] * 4
    assert len(estate.heard(call.channel)) == 1


@pytest.mark.parametrize("recorded", CALLS, ids=lambda each: each.__name__)
async def test_what_comes_late_is_heard_and_what_is_old_is_not(
    estate: Estate, recorded: Callable[..., Recorded]
) -> None:
    """The provider is told 200 either way: else he would bring it again and again."""
    heard = []
    for number, age in enumerate((SOON, LATE, OLD)):
        call = recorded(estate.clock(), number)
        estate.clock.moved += age
        assert await play(estate, call) == 200
        heard.append(len(estate.heard(call.channel)))

    assert heard == ([1, 2, 2] if call.has_moment else [1, 2, 3])


async def test_an_old_call_is_told_without_who_said_what(estate: Estate, caplog: pytest.LogCaptureFixture) -> None:
    call = zalo(estate.clock())
    estate.clock.moved += OLD

    await play(estate, call)

    assert "webhook zalo: 1 old message(s) were left alone" in caplog.text
    assert CODE not in caplog.text
    assert USER not in caplog.text


async def test_a_moment_that_was_changed_breaks_the_seal(estate: Estate) -> None:
    """An old call cannot be made young again."""
    call = zalo(estate.clock() - OLD)
    young = call.body.replace(
        str(to_millis(estate.clock() - OLD))[:6].encode(), str(to_millis(estate.clock()))[:6].encode()
    )
    changed = re.sub(rb'"timestamp": "\d+"', b'"timestamp": "%d"' % to_millis(estate.clock()), young)

    status = await play(estate, Recorded("zalo", call.path, changed, call.headers))

    assert status == 401
    assert estate.heard("zalo") == []


@pytest.mark.parametrize(("age", "status"), [(SOON, 200), (LATE, 401), (OLD, 401)], ids=["1s", "10min", "3days"])
async def test_a_signed_call_of_one_stop_software_is_good_for_five_minutes(
    estate: Estate, age: timedelta, status: int
) -> None:
    record: dict[str, Any] = {"MaHoSo": CODE, "TrangThaiHoSo": "4", "ChuHoSo": "Lan", "NgayTiepNhan": "20261122081500"}
    body = json.dumps([record]).encode()
    moment = str(int((estate.clock() - age).timestamp()))
    seal = hmac.new(SIGNING_KEY.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    call = Recorded("ward", "/onestop/v1/dossiers", body, {"X-Timestamp": moment, "X-Signature": f"sha256={seal}"})

    statuses = [await play(estate, call) for _ in range(3)]

    assert statuses == [status] * 3
    assert len(estate.rows("SELECT code FROM dossiers")) == (1 if status == 200 else 0)
    assert len(estate.rows("SELECT * FROM changes")) <= 1


def documented() -> Callable[..., bool]:
    """The check that docs/api.md gives to whoever is called back."""
    (block,) = re.findall(r"```python\n(.*?)```", Path("docs/api.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102 - our own documentation
    found: Callable[..., bool] = names["is_ours"]
    return found


@pytest.mark.parametrize(("age", "taken"), [(SOON, True), (LATE, False), (OLD, False)], ids=["1s", "10min", "3days"])
def test_our_own_calls_cannot_be_played_back_to_who_checks_them_as_documented(
    estate: Estate, age: timedelta, taken: bool
) -> None:
    is_ours, body, now = documented(), b'{"id": "1"}', estate.clock()
    header = signature("a secret", body, at=now)

    assert is_ours("a secret", header, body, (now + age).timestamp()) is taken
    assert is_ours("a secret", header, body, (now - age).timestamp()) is taken
    assert is_ours("a secret", signature("a secret", body, at=now + age), body, (now + age).timestamp())


def test_the_documented_check_refuses_what_we_have_not_signed(estate: Estate) -> None:
    is_ours, body, now = documented(), b'{"id": "1"}', estate.clock()
    header, at = signature("a secret", body, at=now), now.timestamp()
    nonsense = ["", "t=,v1=", "t=1", "v1=aa", header.replace("v1=", "v0="), f"t={'9' * 5000},v1=a", "t=é,v1=é", ",,=,"]

    assert is_ours("a secret", header, body, at)
    assert not is_ours("another", header, body, at)
    assert not is_ours("a secret", header, body + b" ", at)
    assert not is_ours("a secret", re.sub(r"t=\d+", f"t={int(at) + 1}", header), body, at)
    assert not any(is_ours("a secret", each, body, at) for each in nonsense)
