"""The simulated Zalo as an API of its own: a plain HTTP client and a signature computed by hand are the judges."""

import asyncio
import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientError, ClientSession, ServerDisconnectedError, web

from adapters.simulators import zalo as simulator
from bot.demo.processes import free_port

KEY, APP, SECRET = "zalo-t3st-access-token", "1180424000000000001", "zalo-app-t3st-secret"
OA, OA_SECRET = "2780424000000000002", "zalo-oa-t3st-secret"
FIRST = "zalo-t3st-refresh-token"
ALICE, ALICE_PHONE = "8800000912345678", "84912345678"
VALUES = {"ma_ho_so": "H32.15-261122-0001", "trang_thai": "Đã có kết quả"}


@dataclass
class Heard:
    """What our webhook was told, each with its headers; the first `refusals` calls are answered 503."""

    refusals: int = 0
    calls: asyncio.Queue[tuple[dict[str, str], bytes]] = field(default_factory=asyncio.Queue)

    async def next(self) -> tuple[dict[str, str], dict[str, Any]]:
        async with asyncio.timeout(20):
            headers, body = await self.calls.get()
        event = json.loads(body)
        signed = APP.encode() + body + event["timestamp"].encode() + OA_SECRET.encode()
        assert headers["x-zevent-signature"] == f"mac={hashlib.sha256(signed).hexdigest()}"
        return headers, event

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.put_nowait((headers, await request.read()))
        self.refusals -= 1
        return web.Response(status=503 if self.refusals >= 0 else 200)


@dataclass
class Zalo:
    """A running simulator, and what it tells us."""

    base: str
    http: ClientSession
    heard: Heard

    async def api(self, path: str, body: dict[str, Any] | None = None, *, key: str = KEY) -> dict[str, Any]:
        return (await self.answered(path, body, key=key))[0]

    async def answered(
        self, path: str, body: dict[str, Any] | None = None, *, key: str = KEY
    ) -> tuple[dict[str, Any], dict[str, str]]:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, self.base + path, json=body, headers={"access_token": key}) as response:
            assert response.status == 200
            return dict(await response.json()), dict(response.headers)

    async def say(self, user: str = ALICE, text: str = "chào") -> dict[str, Any]:
        return dict(await self.control(f"users/{user}/say", {"text": text}))

    async def consult(self, user: str = ALICE, text: str = "Kính chào Ông/Bà") -> dict[str, Any]:
        return await self.api("/v3.0/oa/message/cs", {"recipient": {"user_id": user}, "message": {"text": text}})

    async def by_phone(self, phone: str = ALICE_PHONE, **changes: Any) -> dict[str, Any]:
        ordinary = {"phone": phone, "template_id": "100001", "template_data": VALUES, "tracking_id": "ours-1"}
        return await self.api("/message/template", {**ordinary, **changes})

    async def token(self, **form: str) -> dict[str, Any]:
        secret = form.pop("secret", SECRET)
        whole = {"app_id": APP, **form}
        async with self.http.post(
            f"{self.base}/v4/oa/access_token", data=whole, headers={"secret_key": secret}
        ) as response:
            assert response.status == 200
            return dict(await response.json())

    async def refresh(self, token: str = FIRST, **form: str) -> dict[str, Any]:
        return await self.token(grant_type="refresh_token", refresh_token=token, **form)

    async def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.base}/_control/{path}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@asynccontextmanager
async def running(**changes: Any) -> AsyncIterator[Zalo]:
    port, hook, heard, ready = free_port(), free_port(), Heard(), asyncio.Event()
    ours = web.Application()
    ours.router.add_post("/webhooks/zalo", heard.take)
    runner = web.AppRunner(ours, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", hook).start()
    ordinary = {"port": port, "webhook_url": f"http://127.0.0.1:{hook}/webhooks/zalo", "delay": 0.01}
    settings = simulator.Settings.model_validate({**ordinary, **changes})
    server = asyncio.create_task(simulator.run(settings, ready.set))
    try:
        async with ClientSession() as http:
            await ready.wait()
            yield Zalo(f"http://127.0.0.1:{port}", http, heard)
    finally:
        server.cancel()
        await asyncio.wait([server])
        await runner.cleanup()


@pytest.fixture
async def zalo() -> AsyncIterator[Zalo]:
    async with running() as simulated:
        yield simulated


async def test_a_refresh_token_is_good_once_and_the_new_pair_works(zalo: Zalo) -> None:
    pair = await zalo.refresh()
    again = await zalo.refresh()

    assert pair["expires_in"] == "90000"
    assert (await zalo.api("/v2.0/oa/getoa", key=pair["access_token"]))["data"]["oa_id"] == OA
    assert "access_token" not in again
    assert again["error"] < 0
    assert (await zalo.refresh(pair["refresh_token"]))["refresh_token"] not in ("", pair["refresh_token"])


async def test_another_app_or_secret_gets_no_tokens_and_uses_none_up(zalo: Zalo) -> None:
    refused = [await zalo.refresh(app_id="1"), await zalo.refresh(secret="wrong"), await zalo.token(grant_type="x")]

    assert all("access_token" not in answer and answer["error"] < 0 for answer in refused)
    assert "access_token" in await zalo.refresh()


async def test_a_refresh_whose_answer_is_lost_has_used_the_token_up(zalo: Zalo) -> None:
    await zalo.control("faults", {"refresh_lost": True})
    with pytest.raises(ClientError):
        await zalo.refresh()
    await zalo.control("faults", {"refresh_lost": False})

    assert "access_token" not in await zalo.refresh()
    assert (await zalo.control("stats"))["rotations"] == 1


async def test_a_slow_refresh_is_done_at_once_and_answered_late(zalo: Zalo) -> None:
    await zalo.control("faults", {"refresh_delay": 0.2})
    async with asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(zalo.refresh())
        async with asyncio.timeout(20):
            while (await zalo.control("stats"))["rotations"] == 0:
                pass
        is_answered = slow.done()

    assert not is_answered
    assert "access_token" in slow.result()


async def test_a_refresh_that_fails_leaves_its_token_good(zalo: Zalo) -> None:
    await zalo.control("faults", {"refresh_error": True})
    failed = await zalo.refresh()
    await zalo.control("faults", {"refresh_error": False})

    assert "access_token" not in failed
    assert "access_token" in await zalo.refresh()


async def test_consent_leads_back_with_a_code_that_only_its_beginner_can_use_once(zalo: Zalo) -> None:
    challenge = urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    asked = {
        "app_id": APP, "redirect_uri": "http://localhost:9/back?x=1", "code_challenge": challenge, "state": "s-1"
    }  # fmt: skip
    url = f"{zalo.base}/v4/oa/permission"
    async with zalo.http.get(url, params=asked) as page:
        shown = await page.text()
    backs = []
    for _ in range(2):
        async with zalo.http.post(url, params=asked, allow_redirects=False) as response:
            backs.append(parse_qs(urlsplit(response.headers["Location"]).query))
    back, codes = backs[-1], [each["code"][0] for each in backs]
    grant = "authorization_code"

    assert "Cho phép" in shown
    assert {name: back[name] for name in ("state", "oa_id", "x")} == {"state": ["s-1"], "oa_id": [OA], "x": ["1"]}
    assert "access_token" not in await zalo.token(grant_type=grant, code=codes[0], code_verifier="w" * 43)
    assert "access_token" in await zalo.token(grant_type=grant, code=codes[1], code_verifier="v" * 43)
    assert "access_token" not in await zalo.token(grant_type=grant, code=codes[1], code_verifier="v" * 43)


@pytest.mark.parametrize(("asked", "code"), [({"app_id": "1"}, "-14002"), ({"redirect_uri": "nowhere"}, "-14003")])
async def test_a_wrong_consent_page_says_its_number(zalo: Zalo, asked: dict[str, str], code: str) -> None:
    query = {"app_id": APP, "redirect_uri": "http://localhost:9/back", **asked}
    async with zalo.http.post(f"{zalo.base}/v4/oa/permission", params=query, allow_redirects=False) as response:
        assert (response.status, code in await response.text()) == (200, True)


async def test_each_host_has_its_own_word_for_a_bad_token(zalo: Zalo) -> None:
    never = [
        (await zalo.api(path, key="wrong"))["error"] for path in ("/v2.0/oa/getoa", "/message/quota")
    ]  # fmt: skip
    await zalo.control("faults", {"expire": True})
    ended = [(await zalo.api(path))["error"] for path in ("/v2.0/oa/getoa", "/message/quota")]

    assert never == [-216, -124]
    assert ended == [-220, -124]


async def test_the_gate_is_open_for_seven_days_after_a_word(zalo: Zalo) -> None:
    stranger = await zalo.consult()
    await zalo.say()
    reply = await zalo.consult()
    await zalo.control(f"users/{ALICE}/heard", {"ago": 8 * 24 * 3600})
    late = await zalo.consult()

    assert (stranger["error"], reply["error"], late["error"]) == (-230, 0, -230)
    assert set(reply["data"]) == {"message_id", "user_id", "sent_time", "quota"}
    assert [entry["text"] for entry in await zalo.control(f"users/{ALICE}/messages?by=office")] == ["Kính chào Ông/Bà"]


@pytest.mark.parametrize(
    "message",
    [{}, {"text": " "}, {"text": "x" * 2001}, {"attachment": {"type": "image"}},
     {"attachment": {"type": "template", "payload": {"template_type": "request_user_info", "elements": []}}}],
)  # fmt: skip
async def test_a_malformed_consultation_message_is_refused(zalo: Zalo, message: dict[str, Any]) -> None:
    await zalo.say()
    answer = await zalo.api("/v3.0/oa/message/cs", {"recipient": {"user_id": ALICE}, "message": message})
    no_user = await zalo.api("/v3.0/oa/message/cs", {"recipient": {"user_id": 12}, "message": {"text": "x"}})

    assert (answer["error"], no_user["error"]) == (-201, -201)


async def test_what_was_shut_down_says_so(zalo: Zalo) -> None:
    for path in ("/v2.0/oa/message", "/v3.0/oa/message/transaction", "/v3.0/oa/message/promotion"):
        assert (await zalo.api(path, {}))["error"] == -240


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"phone": "0912345678"}, -108),
        ({"template_id": "999"}, -131),
        ({"template_id": "100099"}, -131),
        ({"template_data": "x"}, -112),
        ({"template_data": {"ma_ho_so": "x"}}, -1122),
        ({"template_data": {**VALUES, "trang_thai": "Yêu cầu thực hiện nghĩa vụ tài chính"}}, -1121),
        ({"template_id": "100003", "template_data": {"ma_ho_so": "x", "ngay_hen_moi": "mai", "ly_do": "y"}}, -1124),
        ({"tracking_id": ""}, -132),
    ],
)
async def test_a_template_message_is_checked(zalo: Zalo, changes: dict[str, Any], error: int) -> None:
    assert (await zalo.by_phone(**changes))["error"] == error


async def test_lengths_are_counted_in_composed_letters(zalo: Zalo) -> None:
    decomposed = {"ma_ho_so": "x", "trang_thai": "ế" * 30}

    assert (await zalo.by_phone(template_data=decomposed))["error"] == 0


async def test_a_message_by_phone_is_seen_received_and_told_with_our_id(zalo: Zalo) -> None:
    sent = await zalo.by_phone(sending_mode="1")
    headers, event = await zalo.heard.next()
    status = await zalo.api(f"/message/status?message_id={sent['data']['msg_id']}")
    [seen] = await zalo.control(f"users/{ALICE_PHONE}/messages")

    assert sent["data"]["quota"] == {"dailyQuota": "500", "remainingQuota": "499"}
    assert sent["data"]["sending_mode"] == "1"
    assert headers["x-zevent-server"] == "ZNS"
    assert event["event_name"] == "user_received_message"
    assert event["recipient"] == {"id": ALICE_PHONE}
    assert event["message"]["tracking_id"] == "ours-1"
    assert event["message"]["msg_id"] == sent["data"]["msg_id"]
    assert status["data"]["status"] == 1
    assert (seen["kind"], seen["values"]) == ("template", VALUES)
    assert (await zalo.api("/message/status?message_id=none"))["data"]["status"] == -1


async def test_who_opens_the_talk_has_seen_what_she_received_and_that_is_told_once(zalo: Zalo) -> None:
    sent = await zalo.by_phone()
    await zalo.heard.next()

    opened = await zalo.control(f"users/{ALICE_PHONE}/open", {})
    _, event = await zalo.heard.next()
    again = await zalo.control(f"users/{ALICE_PHONE}/open", {})

    assert event["event_name"] == "user_seen_message"
    assert event["message"]["msg_ids"] == opened["msg_ids"] == [sent["data"]["msg_id"]]
    assert again["msg_ids"] == []


async def test_a_message_by_user_id_has_another_name_for_its_id_and_no_tracking(zalo: Zalo) -> None:
    body = {"user_id": ALICE, "template_id": "100001", "template_data": VALUES}
    sent = await zalo.api("/v3.0/oa/message/template", body)
    _, event = await zalo.heard.next()

    assert "msg_id" not in sent["data"]
    assert event["recipient"] == {"id": ALICE}
    assert event["message"]["msg_id"] == sent["data"]["message_id"]
    assert "tracking_id" not in event["message"]


async def test_a_phone_may_be_named_by_its_hash_once_it_is_known(zalo: Zalo) -> None:
    digest = hashlib.sha256(ALICE_PHONE.encode()).hexdigest()
    body = {"hash_phone": digest, "template_id": "100001", "template_data": VALUES, "tracking_id": "ours-2"}
    unknown = await zalo.api("/message/template/hashphone", body)
    await zalo.control(f"users/{ALICE_PHONE}")
    sent = await zalo.api("/message/template/hashphone", body)
    _, event = await zalo.heard.next()

    assert (unknown["error"], sent["error"]) == (-118, 0)
    assert event["recipient"] == {"id": digest}


async def test_the_days_quota_ends(zalo: Zalo) -> None:
    await zalo.control("faults", {"quota": 1})
    answers = [await zalo.by_phone(), await zalo.by_phone()]

    assert [answer["error"] for answer in answers] == [0, -144]
    assert (await zalo.api("/message/quota"))["data"] == {"dailyQuota": "500", "remainingQuota": "0"}


async def test_the_night_is_for_messages_by_phone(zalo: Zalo) -> None:
    await zalo.control("faults", {"night": True})
    await zalo.say()

    assert (await zalo.by_phone())["error"] == -133
    assert (await zalo.consult())["error"] == 0


async def test_the_minute_has_a_limit_that_its_headers_tell() -> None:
    async with running(rate=2) as zalo:
        answers = [await zalo.answered("/message/quota") for _ in range(3)]

    assert [answer["error"] for answer, _ in answers] == [0, 0, -32]
    assert [headers["X-RateLimit-Remain"] for _, headers in answers] == ["1", "0", "0"]
    assert answers[0][1]["X-RateLimit-Limit"] == "2"


async def test_templates_are_described_and_new_ones_approved(zalo: Zalo) -> None:
    await zalo.control("templates", {"id": "7", "kinds": {"ma": "code"}})
    described = await zalo.api("/message/template/info/v2?template_id=7")
    listed = await zalo.api("/message/template/all")

    assert described["data"]["listParams"][0] | {"name": "ma", "maxLength": 30} == described["data"]["listParams"][0]
    assert {each["templateId"]: each["status"] for each in listed["data"]}["100099"] == "PENDING_REVIEW"
    assert (await zalo.by_phone(template_id="7", template_data={"ma": "x"}))["error"] == 0


async def test_what_a_citizen_does_is_told_as_zalo_tells_it(zalo: Zalo) -> None:
    said = await zalo.say(text="tra cứu")
    _, text = await zalo.heard.next()
    await zalo.control(f"users/{ALICE}/follow", {})
    _, follow = await zalo.heard.next()
    await zalo.control(f"users/{ALICE}/submit", {"name": "Lan", "address": "12 Lê Lợi"})
    _, form = await zalo.heard.next()
    await zalo.control(f"users/{ALICE}/unfollow", {})
    _, unfollow = await zalo.heard.next()

    assert said["acknowledged"]
    assert text["sender"] == {"id": ALICE}
    assert text["message"] == {"text": "tra cứu", "msg_id": said["msg_id"]}
    assert text["user_id_by_app"] not in ("", ALICE)
    assert (follow["event_name"], follow["follower"], follow["oa_id"]) == ("follow", {"id": ALICE}, OA)
    assert (form["event_name"], form["info"]["phone"], form["info"]["name"]) == ("user_submit_info", ALICE_PHONE, "Lan")
    assert unfollow["event_name"] == "unfollow"
    assert all(isinstance(event["timestamp"], str) for event in (text, follow, form, unfollow))


async def test_what_is_known_of_a_user_is_told(zalo: Zalo) -> None:
    await zalo.control(f"users/{ALICE}/submit", {"name": "Lan"})
    detail = await zalo.api(f'/v3.0/oa/user/detail?data={{"user_id":"{ALICE}"}}')
    quota = await zalo.api("/v3.0/oa/quota/message", {"user_id": ALICE})

    assert detail["data"]["shared_info"]["phone"] == ALICE_PHONE
    assert detail["data"]["display_name"] == "Lan"
    assert quota["data"]["last_interaction"].isdigit()
    assert quota["data"]["cs_reply"] == {"remain": 8, "total": 8}


async def test_an_event_that_is_not_taken_is_told_again() -> None:
    async with running(repeat_scale=0.0005) as zalo:
        zalo.heard.refusals = 2
        said = await zalo.say()
        tries = [(await zalo.heard.next())[1] for _ in range(3)]

    assert not said["acknowledged"]
    assert [event.get("num_retry") for event in tries] == [None, "1", "2"]
    assert len({event["message"]["msg_id"] for event in tries}) == 1


async def test_events_come_twice_or_badly_signed_on_request(zalo: Zalo) -> None:
    await zalo.control("faults", {"twice": True})
    await zalo.say()
    first, second = (await zalo.heard.next())[1], (await zalo.heard.next())[1]
    await zalo.control("events?signed=0", {"event_name": "user_send_text"})
    headers, _ = await zalo.heard.calls.get()

    assert first["message"] == second["message"]
    assert headers["x-zevent-signature"] == f"mac={'0' * 64}"


@pytest.mark.parametrize(
    ("ending", "error"),
    [("0001", -118), ("0114", -114), ("0133", -133), ("0144", -144), ("0147", -147), ("0139", -139), ("0115", -115)],
)
async def test_the_ending_of_a_phone_chooses_its_error(zalo: Zalo, ending: str, error: int) -> None:
    by_phone = await zalo.by_phone(f"8491234{ending}")
    user = f"880000091234{ending}"
    by_user = await zalo.api(
        "/v3.0/oa/message/template", {"user_id": user, "template_id": "100001", "template_data": VALUES}
    )

    assert (by_phone["error"], by_user["error"]) == (error, error)
    assert await zalo.control(f"users/{user}/messages") == []


async def test_a_user_who_is_banned_gets_no_consultation_either(zalo: Zalo) -> None:
    await zalo.say("8800000912340001")

    assert (await zalo.consult("8800000912340001"))["error"] == -227


async def test_too_fast_is_said_twice_for_each_text(zalo: Zalo) -> None:
    answers = [await zalo.by_phone("84912340006") for _ in range(3)]

    assert [answer["error"] for answer in answers] == [-32, -32, 0]


async def test_a_token_that_ends_in_the_middle_does_so_once(zalo: Zalo) -> None:
    before = await zalo.by_phone("84912340216")
    stale = await zalo.by_phone()
    key = (await zalo.refresh())["access_token"]
    body = {"phone": "84912340216", "template_id": "100001", "template_data": VALUES, "tracking_id": "t"}
    after = await zalo.api("/message/template", body, key=key)

    assert (before["error"], stale["error"], after["error"]) == (-124, -124, 0)


async def test_a_connection_that_falls_hides_a_message_that_arrived(zalo: Zalo) -> None:
    with pytest.raises(ServerDisconnectedError):
        await zalo.by_phone("84912340007")
    _, event = await zalo.heard.next()

    assert event["message"]["tracking_id"] == "ours-1"
    assert len(await zalo.control("users/84912340007/messages")) == 1
    assert (await zalo.by_phone("84912340007"))["error"] == 0


async def test_silence_means_that_nothing_was_taken(zalo: Zalo) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await zalo.by_phone("84912340008")

    assert await zalo.control("users/84912340008/messages") == []


@pytest.mark.parametrize(("phone", "status"), [("84912340500", 500), ("84912340999", 200)])
async def test_some_answers_are_nobodys_format(zalo: Zalo, phone: str, status: int) -> None:
    body = {"phone": phone, "template_id": "100001", "template_data": VALUES, "tracking_id": "t"}
    async with zalo.http.post(f"{zalo.base}/message/template", json=body, headers={"access_token": KEY}) as response:
        assert response.status == status
        with suppress(UnicodeDecodeError), pytest.raises(json.JSONDecodeError):
            json.loads(await response.read())


async def test_an_early_receipt_comes_before_the_answer_and_some_never(zalo: Zalo) -> None:
    silent = await zalo.by_phone("84912340003", tracking_id="silent")
    hasty = await zalo.by_phone("84912340005", tracking_id="hasty")
    told = zalo.heard.calls.qsize()
    _, event = await zalo.heard.next()

    assert told == 1
    assert event["message"]["tracking_id"] == "hasty"
    assert (await zalo.api(f"/message/status?message_id={silent['data']['msg_id']}"))["data"]["status"] == 0
    assert (await zalo.api(f"/message/status?message_id={hasty['data']['msg_id']}"))["data"]["status"] == 1


async def test_who_waits_for_a_message_gets_it_as_soon_as_it_is_sent(zalo: Zalo) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(zalo.control("users/0912345678/messages?wait=5"))
        await zalo.by_phone()
    [message] = waiting.result()

    assert message["template_id"] == "100001"
    assert await zalo.control(f"users/{ALICE}/messages?after={message['seq']}&wait=0.02") == []


async def test_its_log_holds_every_call_and_event(tmp_path: Path) -> None:
    async with running(log=tmp_path / "calls") as zalo:
        await zalo.by_phone()
        await zalo.heard.next()
        await zalo.refresh()

    lines = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    call = next(line for line in lines if line["event"] == "call")
    assert {line["event"] for line in lines} == {"call", "told", "token"}
    assert (call["path"], call["error"], call["given"]["tracking_id"]) == ("/message/template", 0, "ours-1")
    assert "refresh-token" not in (tmp_path / "calls").read_text()


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff"])
async def test_a_broken_body_is_refused_like_an_empty_one(zalo: Zalo, body: bytes) -> None:
    async with zalo.http.post(f"{zalo.base}/message/template", data=body, headers={"access_token": KEY}) as response:
        assert (response.status, (await response.json())["error"]) == (200, -108)
