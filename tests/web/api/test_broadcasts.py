"""Software drafts a broadcast; nothing leaves before people have tried, submitted and approved it."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.model.api import KeyKind
from bot.model.broadcast import LONGEST_TITLE, Broadcast, BroadcastState
from bot.model.wording import Wording
from bot.recipients import Listing, wanted_by
from tests.unit.lists import read
from tests.web.api.rig import PHONE, Rig


def drafted(*phones: str, **more: Any) -> dict[str, Any]:
    people = [{"phone": each, "values": {"ten": f"Bà {number}"}} for number, each in enumerate(phones)]
    words = "Kính gửi Ông/Bà, Bộ phận Một cửa nghỉ từ 31/8."
    return {"title": "Nghỉ lễ", "chat": words, "sms": words, "recipients": people, **more}


async def test_a_draft_has_its_people_and_waits_for_staff(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.LIVE, agency="H56.14", name="phan-mem")

    answer = await software.call("POST", "/broadcasts", drafted("0912345678", "0987654321"))

    assert answer.status == 201, answer.text
    assert (answer.said["state"], answer.said["people"], answer.said["agency"]) == ("draft", 2, "H56.14")
    kept = await quiet_api.app.broadcasts.get(answer.said["id"])
    assert kept
    assert (kept.state, kept.made_by) == (BroadcastState.DRAFT, "api:phan-mem")
    rows = await quiet_api.app.broadcasts.rows(kept.id, limit=9)
    assert [each.phone for each in rows] == [PHONE, "+84987654321"]
    assert await quiet_api.storage.read(lambda tx: tx.outbox.planned()) == 0
    entry = (await quiet_api.recorded("broadcast.drafted"))[0]
    assert (entry.by, entry.way, entry.subject, entry.after) == ("api:phan-mem", "api", kept.id, {"people": 2})


async def test_it_is_seen_by_keys_of_its_agency_and_above(quiet_api: Rig) -> None:
    own = await quiet_api.software(KeyKind.LIVE, agency="H56.14")
    above = await quiet_api.software(KeyKind.LIVE, agency="H56")
    beside = await quiet_api.software(KeyKind.LIVE, agency="H56.15")
    made = (await own.call("POST", "/broadcasts", drafted("0912345678"))).said["id"]

    seen = [await each.call("GET", f"/broadcasts/{made}") for each in (own, above, beside)]

    assert [each.status for each in seen] == [200, 200, 404]


async def test_nothing_is_drafted_while_a_phone_is_wrong(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.LIVE)

    answer = await software.call("POST", "/broadcasts", drafted("0912345678", "0243825432", "x" * 12))

    assert answer.problem == "unprocessable"
    assert answer.pointers == ["/recipients/1/phone", "/recipients/2/phone"]
    assert await quiet_api.app.broadcasts.listed((), limit=9) == []


async def test_test_and_team_keys_draft_nothing_and_agencies_are_kept_apart(quiet_api: Rig) -> None:
    keys = [await quiet_api.software(each) for each in (KeyKind.TEST, KeyKind.TEAM)]
    live = await quiet_api.software(KeyKind.LIVE, agency="H56.14")

    refused = [await each.call("POST", "/broadcasts", drafted("0912345678")) for each in keys]
    elsewhere = await live.call("POST", "/broadcasts", drafted("0912345678", agency="H56"))

    assert {each.problem for each in refused} == {"only_live"}
    assert elsewhere.pointers == ["/agency"]


async def test_the_same_call_twice_is_one_draft(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.LIVE)

    async def once() -> Any:
        return await software.call("POST", "/broadcasts", drafted("0912345678"), Idempotency_Key="dot-1")

    answers = await asyncio.gather(*(once() for _ in range(5)))
    last = await once()

    assert {each.status for each in answers} <= {201, 409}
    assert last.status == 201
    assert len({each.said["id"] for each in [*answers, last] if each.status == 201}) == 1
    assert len(await quiet_api.app.broadcasts.listed((), limit=9)) == 1


async def test_ten_thousand_people_come_in_one_call(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.LIVE)
    phones = [f"0912{number:06}" for number in range(10_000)]

    answer = await software.call("POST", "/broadcasts", drafted(*phones))
    more = await software.call("POST", "/broadcasts", drafted(*phones, "0987654321"))

    assert (answer.status, answer.said["people"]) == (201, 10_000)
    assert more.pointers == ["/recipients"]


async def test_the_same_list_is_refused_whatever_its_title_and_whichever_way_it_came(
    quiet_api: Rig, tmp_path: Path
) -> None:
    software, flow = await quiet_api.software(KeyKind.LIVE), quiet_api.app.broadcasts
    words = "Kính gửi Ông/Bà {{ ten }}, mời nhận kết quả."
    wording = Wording(chat=words, sms=words)
    uploaded = await flow.begin(title="Từ tệp", agency="", by="lan")
    listing = read(b"phone,ten\n0912345678,Lan\n0987654321,Binh\n", tmp_path, wanted_by(wording))
    assert isinstance(listing, Listing)
    with listing as rows:
        taken = await flow.take_list(uploaded.id, rows.rows(), name="a.csv", digest=rows.digest, by="lan")
    assert isinstance(taken, Broadcast)
    submitted = replace(taken, state=BroadcastState.SUBMITTED)
    await quiet_api.storage.write(lambda tx: tx.broadcasts.save(submitted))
    people = [{"phone": "0912 345 678", "values": {"ten": "Lan"}}, {"phone": "0987654321", "values": {"ten": "Binh"}}]

    bodies = [drafted(title=each, chat=words, sms=words, recipients=people) for each in ("Từ tệp", "Tên khác")]
    answers = [await software.call("POST", "/broadcasts", each, Idempotency_Key=each["title"][:2].encode().hex())
               for each in bodies]  # fmt: skip
    fewer = await software.call("POST", "/broadcasts", drafted(chat=words, sms=words, recipients=people[:1]))

    assert [each.pointers for each in answers] == [["/recipients"], ["/recipients"]]
    assert "đợt phát tin khác" in answers[0].said["errors"][0]["detail"]
    assert fewer.status == 201
    assert await quiet_api.recorded("broadcast.drafted") != []


async def test_a_title_is_as_long_as_in_the_console(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.LIVE)

    fits = await software.call("POST", "/broadcasts", drafted("0912345678", title="x" * LONGEST_TITLE))
    longer = await software.call("POST", "/broadcasts", drafted("0912345678", title="x" * (LONGEST_TITLE + 1)))

    assert (fits.status, longer.pointers) == (201, ["/title"])
