"""What software asks us to tell, from the request to the message."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.fates import Fate
from bot.model.api import KeyKind
from bot.model.dossier import Status
from bot.model.message import DeliveryState
from bot.model.person import Address, Binding, Proof
from bot.ports import Storage, Unwanted
from tests.web.api.rig import CODE, PHONE, Rig, open_rig, to_dossier, to_phone


async def items(api: Rig) -> list[Any]:
    """Everything in the outbox that keys planned."""
    planned = [each for key in await api.storage.read(lambda tx: tx.api.keys()) for each in await _of(api, key.id)]
    return [each.item for each in planned]


async def _of(api: Rig, key_id: str) -> list[Any]:
    return await api.storage.read(lambda tx: tx.api.of_key(key_id, limit=100))


@pytest.mark.parametrize(
    ("fate", "states"),
    [
        (Fate.ARRIVES, ["delivered"]),
        (Fate.REFUSED, ["failed"]),
        (Fate.UNDELIVERABLE, ["failed"]),
        (Fate.SILENT, ["accepted"]),
        (Fate.SLOW, ["accepted", "delivered"]),
        (Fate.HASTY, ["delivered"]),
        (Fate.DROPPED, ["uncertain", "delivered"]),
        (Fate.SWALLOWED, ["uncertain"]),
        (Fate.EXPIRES, ["expired"]),
    ],
)
async def test_with_a_test_key_the_number_chooses_what_happens(api: Rig, fate: Fate, states: list[str]) -> None:
    software = await api.software()

    answer = await software.send(f"091234{fate.value or '5678'}")
    ended = await software.until(answer.said["notifications"][0]["id"], states[-1])

    assert answer.status == 202
    assert (ended["is_test"], ended["channel"], ended["situation"]) == (True, "api-test", "test")
    assert ended["sentence"]["vi"]
    assert ended["sentence"]["en"]


async def test_what_a_test_key_plans_touches_no_citizen_and_no_agency(quiet_api: Rig) -> None:
    await quiet_api.dossier()
    software = await quiet_api.software(agency="H56")

    by_phone, by_dossier = await software.send(), await software.call("POST", "/notifications", to_dossier())

    assert (by_phone.status, by_dossier.status) == (202, 202)
    for each in await items(quiet_api):
        assert (each.channel, each.address.key, each.agency, each.code) == ("api-test", f"api-test:{PHONE}", "", "")
        assert "H56.14" in each.text
    history = await quiet_api.storage.read(lambda tx: tx.outbox.history(Address("sms", PHONE), after="", limit=9))
    assert history == []


async def test_a_live_key_reaches_the_phone_with_the_text_in_force(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE, agency="H56.14")

    answer = await software.call("POST", "/notifications", to_phone(reference="ket-qua-1"))
    ended = await software.until(answer.said["notifications"][0]["id"], "delivered")

    assert ended["recipient"] == "sms:+8491•••678"
    assert (ended["reference"], ended["situation"], ended["is_test"]) == ("ket-qua-1", "result", False)
    item = (await items(api))[0]
    assert CODE in item.text
    assert "quay 2" in item.text
    assert item.agency == "H56.14"


async def test_a_dossier_is_told_to_its_owner_and_the_act_is_recorded(api: Rig) -> None:
    await api.dossier()
    software = await api.software(KeyKind.LIVE, agency="H56", name="phan-mem-ho-tich")

    answer = await software.call("POST", "/notifications", to_dossier())
    await software.until(answer.said["notifications"][0]["id"], "delivered")

    entry = (await api.recorded("notification.sent"))[0]
    assert (entry.by, entry.way, entry.subject, entry.agency) == ("api:phan-mem-ho-tich", "api", CODE, "H56")
    assert PHONE not in str(entry)
    item = (await items(api))[0]
    assert (item.code, item.agency, item.status) == (CODE, "H56.14", Status.DONE)
    assert item.origin.startswith(f"api:{software.key.id}:")
    assert await api.storage.read(lambda tx: tx.outbox.imbalances(limit=9)) == []


async def test_somebody_with_a_bound_chat_reads_it_there_first(quiet_api: Rig) -> None:
    now, chat = quiet_api.clock(), Address("webchat", "visitor-1")
    bound = Binding(address=chat, phone=PHONE, proof=Proof.CODE, since=now, heard_at=now, channel="webchat")
    await quiet_api.storage.write(lambda tx: tx.people.bind(bound))
    await quiet_api.dossier()
    software = await quiet_api.software(KeyKind.LIVE)

    answer = await software.call("POST", "/notifications", to_dossier())

    assert {each["channel"] for each in answer.said["notifications"]} == {"sms", "webchat"}


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        (to_phone("0243 825 4321"), "/to/phone", "không phải số di động"),
        (to_phone("not a phone"), "/to/phone", "không phải số di động"),
        (to_phone(reference="0912345678"), "/reference", "số điện thoại"),
        ({"situation": "result", "to": {"kind": "phone", "phone": PHONE}}, "/to/values/code", "cần giá trị này"),
        (
            {"situation": "result", "to": {"kind": "phone", "phone": PHONE, "values": {"code": CODE, "x/y": "1"}}},
            "/to/values/x/y",
            "không dùng tên này",
        ),
        (
            {
                "situation": "result",
                "to": {"kind": "phone", "phone": PHONE, "values": {"code": CODE, "place": "http://a.vn"}},
            },
            "/to/values/place",
            "đường dẫn",
        ),
        (
            {
                "situation": "result",
                "to": {"kind": "phone", "phone": PHONE, "values": {"code": CODE, "place": "OTP 1"}},
            },
            "/to/values/place",
            "lừa đảo",
        ),
        (
            {"situation": "result", "to": {"kind": "phone", "phone": PHONE, "agency": "H99", "values": {"code": CODE}}},
            "/to/agency",
            "không thuộc phạm vi",
        ),
        (to_dossier("H56.14-000000-0000"), "/to/code", "không có hồ sơ này"),
        (to_dossier(situation="supplement"), "/situation", "đang ở trạng thái done"),
    ],
)
async def test_what_cannot_be_told_is_refused_with_the_place(
    quiet_api: Rig, body: Any, pointer: str, words: str
) -> None:
    await quiet_api.dossier()
    software = await quiet_api.software(KeyKind.LIVE, agency="H56")

    answer = await software.call("POST", "/notifications", body)

    assert (answer.status, answer.problem) == (422, "unprocessable")
    assert answer.pointers == [pointer]
    assert words in answer.said["errors"][0]["detail"]
    assert await items(quiet_api) == []
    assert await quiet_api.recorded("notification.sent") == []


async def test_a_dossier_of_another_agency_does_not_exist(quiet_api: Rig) -> None:
    await quiet_api.dossier()
    stranger = await quiet_api.software(KeyKind.LIVE, agency="H56.15")
    missing = await stranger.call("POST", "/notifications", to_dossier("H56.14-999999-9999"))

    answer = await stranger.call("POST", "/notifications", to_dossier())

    assert answer.text == missing.text


async def test_messages_of_another_agency_and_of_test_keys_are_not_seen(quiet_api: Rig) -> None:
    live = await quiet_api.software(KeyKind.LIVE, agency="H56.14")
    item_id = (await live.send()).said["notifications"][0]["id"]
    others = [
        await quiet_api.software(KeyKind.LIVE, agency="H56.15"),
        await quiet_api.software(KeyKind.TEST, agency="H56.14"),
    ]
    colleague = await quiet_api.software(KeyKind.LIVE, agency="H56.14")

    seen = [await each.call("GET", f"/notifications/{item_id}") for each in others]
    listed = [(await each.call("GET", "/notifications")).said["notifications"] for each in others]

    assert {(each.status, each.problem) for each in seen} == {(404, "missing")}
    assert listed == [[], []]
    assert (await colleague.call("GET", f"/notifications/{item_id}")).status == 200


async def test_the_list_goes_on_from_page_to_page(quiet_api: Rig) -> None:
    software = await quiet_api.software()
    sent = [(await software.send()).said["notifications"][0]["id"] for _ in range(5)]
    since = (quiet_api.clock() - timedelta(minutes=1)).isoformat().replace("+", "%2B")

    pages, before = [], ""
    while True:
        page = (await software.call("GET", f"/notifications?limit=2&since={since}{before}")).said
        pages.append([each["id"] for each in page["notifications"]])
        if not page["next"]:
            break
        before = f"&before={page['next']}"

    assert [each for page in pages for each in page] == sent[::-1]
    failed = (await software.call("GET", "/notifications?state=failed")).said
    assert failed == {"notifications": [], "next": None}


async def test_a_team_key_sends_to_its_guests_alone(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.TEAM)
    await quiet_api.storage.write(lambda tx: tx.api.invite(software.key.id, [Address("sms", PHONE)]))
    await quiet_api.dossier(phone="+84987654321")

    guest, other = await software.send(), await software.send("0987654321")
    dossier = await software.call("POST", "/notifications", to_dossier())

    assert guest.status == 202
    assert {(each.status, each.problem) for each in (other, dossier)} == {(403, "not_a_guest")}
    assert len(await items(quiet_api)) == 1


async def test_who_is_on_the_do_not_send_list_gets_nothing_and_it_is_said(quiet_api: Rig) -> None:
    software, now = await quiet_api.software(KeyKind.LIVE), quiet_api.clock()
    unwanted = Unwanted(Address("sms", PHONE), now, "lan", "asked")
    await quiet_api.storage.write(lambda tx: tx.do_not_send.add([unwanted]))

    answer = await software.send()

    planned = answer.said["notifications"][0]
    assert (answer.status, planned["state"]) == (202, "suppressed")
    assert await quiet_api.storage.read(lambda tx: tx.outbox.imbalances(limit=9)) == []


async def test_in_quiet_hours_the_answer_says_until_when_it_is_held(sqlite_storage: Storage) -> None:
    always = {"begin": "00:00:00", "end": "23:59:59"}
    async with open_rig(sqlite_storage, sends=False, quiet={"personal": always}) as api:
        software = await api.software(KeyKind.LIVE)

        answer = await software.send()

    until = datetime.fromisoformat(answer.said["notifications"][0]["quiet_until"])
    assert until > api.clock()


async def test_the_same_key_and_body_is_sent_once_and_answered_alike(quiet_api: Rig) -> None:
    software = await quiet_api.software()

    answers = await asyncio.gather(*(software.send(Idempotency_Key="viec-1") for _ in range(8)))

    assert {each.status for each in answers} == {202}
    assert len({each.text for each in answers}) == 1
    assert sum("Idempotent-Replayed" not in each.headers for each in answers) == 1
    assert len(await items(quiet_api)) == 1
    assert len(await quiet_api.recorded("notification.sent")) == 1


async def test_the_same_key_with_another_body_is_refused(quiet_api: Rig) -> None:
    software, other = await quiet_api.software(), await quiet_api.software()
    await software.send(Idempotency_Key="viec-1")

    again = await software.send("0987654321", Idempotency_Key="viec-1")
    elsewhere = await other.send("0987654321", Idempotency_Key="viec-1")

    assert (again.status, again.problem) == (422, "other_body")
    assert elsewhere.status == 202


async def test_what_was_refused_may_be_put_right_under_the_same_key(quiet_api: Rig) -> None:
    software = await quiet_api.software()

    refused = await software.send("not a phone", Idempotency_Key="viec-1")
    sent = await software.send(Idempotency_Key="viec-1")

    assert (refused.status, sent.status) == (422, 202)


async def test_what_was_answered_is_forgotten_after_a_day(quiet_api: Rig) -> None:
    software, callbacks = await quiet_api.software(), quiet_api.app.callbacks
    assert callbacks
    await software.send(Idempotency_Key="viec-1")
    quiet_api.clock.moved += timedelta(hours=25)

    await callbacks.round()
    await software.send(Idempotency_Key="viec-1")

    assert len(await items(quiet_api)) == 2


@pytest.mark.parametrize("token", ["", "x" * 65, "có dấu", "a b"])
async def test_a_strange_idempotency_key_is_refused(quiet_api: Rig, token: str) -> None:
    software = await quiet_api.software()

    answer = await software.send(Idempotency_Key=token)

    assert (answer.status, answer.said["errors"][0]["in"]) == (422, "header")


async def test_a_message_that_is_answered_is_in_the_outbox_already(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.LIVE)

    answer = await software.send()

    item = await quiet_api.storage.read(lambda tx: tx.outbox.get(answer.said["notifications"][0]["id"]))
    assert item
    assert item.state is DeliveryState.QUEUED
