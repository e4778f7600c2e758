"""The demo page: a phone whose texts come through our own server, and what has just happened."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.model.message import DeliveryState
from bot.ports import Storage
from bot.web.activity import moves
from bot.web.context import DemoSettings
from bot.web.phone import _text
from tests.web.control import Control, open_control
from tests.web.office import CODE, Clock, Office, Visitor, free_port, open_office

NUMBER = "+84912345678"


def demo_of(url: str, patience: float = 5) -> DemoSettings:
    return DemoSettings.model_validate({"smsc_control": url, "short_code": "8041", "patience": patience})


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    async with open_control() as opened:
        yield opened


@pytest.fixture
async def demo(sqlite_storage: Storage, control: Control) -> AsyncIterator[Office]:
    async with open_office(sqlite_storage, demo=demo_of(control.url, patience=0.5)) as office:
        yield office


async def get(visitor: Visitor, path: str) -> tuple[int, dict[str, Any]]:
    async with visitor.http.get(visitor.url + path) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("path", ["/demo", "/demo/phone/numbers", "/demo/phone/messages", "/demo/activity"])
async def test_without_a_demo_there_is_no_such_page(office: Office, path: str) -> None:
    visitor = await office.visitor()

    async with visitor.http.get(office.url + path) as answer:
        assert answer.status == 404


async def test_the_page_shows_a_phone_and_the_web_chat(demo: Office) -> None:
    visitor = await demo.visitor()

    page = await visitor.come("/demo")

    assert "Điện thoại của người dân" in page
    assert 'id="ask"' in page
    assert "Vừa xảy ra" in page


async def test_the_phones_are_listed_masked_and_the_latest_first(demo: Office, control: Control) -> None:
    await control.text("+84987654321", "cũ")
    await control.text(NUMBER, "mới")
    visitor = await demo.visitor()

    status, answer = await get(visitor, "/demo/phone/numbers")

    assert status == 200
    assert [each["number"] for each in answer["numbers"]] == [NUMBER, "+84987654321"]
    assert answer["numbers"][0]["shown"] == "+8491•••678"


async def test_texts_arrive_with_the_code_that_they_speak_of(demo: Office, control: Control) -> None:
    visitor = await demo.visitor()
    await control.text(NUMBER, f"Ho so {CODE} da co ket qua.")

    _, answer = await get(visitor, "/demo/phone/messages?number=%2B84912345678&after=0")

    [message] = answer["messages"]
    assert message["code"] == CODE
    assert message["time"] == "10:04"
    assert message["sender"] == "8041"
    assert not message["is_mine"]


async def test_the_phone_asks_back_through_the_simulator(demo: Office, control: Control) -> None:
    visitor = await demo.visitor()

    answer = await visitor.post("/demo/phone/send", {"number": NUMBER, "text": f"HS {CODE}"})

    assert answer.status == 204
    assert control.written == [{"from": NUMBER, "to": "8041", "text": f"HS {CODE}", "wait": True}]
    _, messages = await get(visitor, "/demo/phone/messages?number=%2B84912345678&after=0")
    assert [each["text"] for each in messages["messages"]] == [f"HS {CODE}", f"Tra loi: HS {CODE}"]
    assert [each["is_mine"] for each in messages["messages"]] == [True, False]


async def test_only_our_own_page_may_write_from_the_phone(demo: Office, control: Control) -> None:
    visitor = await demo.visitor()

    answer = await visitor.post("/demo/phone/send", {"number": NUMBER, "text": "HS"}, **{"X-Form-Token": ""})

    assert answer.status == 403
    assert control.written == []


@pytest.mark.parametrize(
    ("number", "text", "status"), [("8041", "HS", 400), (NUMBER, "", 400), (NUMBER, "x" * 1001, 413)]
)
async def test_what_no_phone_would_send_is_refused(
    demo: Office, control: Control, number: str, text: str, status: int
) -> None:
    visitor = await demo.visitor()

    answer = await visitor.post("/demo/phone/send", {"number": number, "text": text})

    assert answer.status == status
    assert control.written == []


async def test_a_simulator_that_is_down_is_said_in_a_friendly_way(sqlite_storage: Storage) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with open_office(sqlite_storage, demo=demo_of(nowhere)) as office:
        visitor = await office.visitor()

        status, answer = await get(visitor, "/demo/phone/numbers")
        written = await visitor.post("/demo/phone/send", {"number": NUMBER, "text": "HS"})

    assert (status, written.status) == (503, 503)
    assert answer["sentence"] == "Trung tâm SMS mô phỏng chưa trả lời. Trang sẽ tự thử lại."


async def test_a_simulator_that_hangs_is_not_waited_for(demo: Office, control: Control) -> None:
    control.is_hanging = True
    visitor = await demo.visitor()

    status, answer = await get(visitor, "/demo/phone/numbers")

    assert status == 503
    assert answer["error"] == "simulator"


async def test_what_has_come_to_rest_is_told_by_kind_and_without_an_address(demo: Office) -> None:
    visitor = await demo.visitor()
    _, before = await get(visitor, "/demo/activity")
    assert before == {"states": [], "moves": []}

    await visitor.submit(CODE)
    await asyncio.wait_for(demo.clerk.receipt_came.wait(), 5)
    demo.clock.moved += timedelta(seconds=2)
    _, after = await get(visitor, "/demo/activity")

    assert after["states"] == [{"state": "delivered", "label": "Đã giao tới máy", "count": 1}]
    assert [move["text"] for move in after["moves"]] == ["1 tin trả lời câu hỏi qua trang web: đã giao tới máy"]
    assert demo.clerk.heard[0].sender.value not in str(after)


def test_only_growth_of_what_has_ended_is_a_move() -> None:
    now = Clock()()
    delivered = ("sms", "progress", DeliveryState.DELIVERED)
    queued = ("sms", "progress", DeliveryState.QUEUED)

    told = moves({delivered: 5, queued: 1}, {delivered: 7, queued: 9}, at=now)

    assert [(move.state, move.count) for move in told] == [(DeliveryState.DELIVERED, 2)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"Ho so {CODE}.", CODE),
        ("000.00.12.H62-201105-0004 da xong", "000.00.12.H62-201105-0004"),
        ("G09.20-20260609-0092637", "G09.20-20260609-0092637"),
        ("thu tuc 1.005129", ""),
        ("x.H62-201105-0004", ""),
    ],
)
def test_the_code_in_a_text_is_whole_or_not_at_all(text: str, code: str) -> None:
    assert _text({"seq": 1, "from": "8041", "text": text, "at": 1772420645}, NUMBER).code == code


@pytest.mark.parametrize("at", ["2026-03-02T03:04:05Z", "2026-03-02T03:04:05", 1772420645, 1772420645000])
def test_times_of_the_simulator_are_shown_in_vietnam(at: Any) -> None:
    assert _text({"seq": 1, "from": "8041", "text": "", "at": at}, NUMBER).time == "10:04"


async def test_a_text_from_the_phone_itself_is_known_as_such(demo: Office, control: Control) -> None:
    await control.text(NUMBER, "HS", sender=NUMBER)
    visitor = await demo.visitor()

    _, answer = await get(visitor, "/demo/phone/messages?number=%2B84912345678&after=0")

    assert answer["messages"][0]["is_mine"]


async def test_a_text_that_the_network_lost_is_not_on_the_phone(demo: Office, control: Control) -> None:
    await control.text(NUMBER, "mất", state="undelivered")
    await control.text(NUMBER, "đến")
    visitor = await demo.visitor()

    _, answer = await get(visitor, "/demo/phone/messages?number=%2B84912345678&after=0")

    assert [each["has_arrived"] for each in answer["messages"]] == [False, True]
