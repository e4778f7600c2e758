"""The chat: history, then live; each message once; nobody reads another's."""

import asyncio
import json
from datetime import timedelta

from bot.model.message import DeliveryState
from bot.ports import Storage
from tests.web.office import CODE, Office, Visitor, open_office

ID = "client-made-id-1"


def text_of(event: dict[str, str]) -> str:
    text = json.loads(event["data"])["text"]
    assert isinstance(text, str)
    return text


async def asked(office: Office, visitor: Visitor, *texts: str) -> None:
    for number, text in enumerate(texts):
        answer = await visitor.post("/chat/messages", {"text": text, "id": f"question-{number:04}"})
        assert answer.status == 202


async def test_a_message_is_accepted_when_it_is_durable_and_answered_in_the_open_stream(office: Office) -> None:
    visitor = await office.visitor()

    async with visitor.stream() as stream:
        answer = await visitor.post("/chat/messages", {"text": CODE, "id": ID})
        event = await stream.next_message()

    assert answer.status == 202
    assert text_of(event) == f"Đã nhận: {CODE}"
    assert event["id"] == json.loads(event["data"])["id"]


async def test_the_history_comes_first_and_then_what_happens(office: Office) -> None:
    visitor = await office.visitor()
    await asked(office, visitor, "một", "hai")

    async with visitor.stream() as stream:
        past = [text_of(await stream.next_message()) for _ in range(2)]
        await office.clerk.tell(office.clerk.heard[0].sender, "ba")
        live = text_of(await stream.next_message())

    assert past == ["Đã nhận: một", "Đã nhận: hai"]
    assert live == "ba"


async def test_a_reader_who_comes_back_gets_only_what_is_new(office: Office) -> None:
    visitor = await office.visitor()
    await asked(office, visitor, "một", "hai", "ba")
    async with visitor.stream() as stream:
        first = await stream.next_message()

    async with visitor.stream(last=first["id"]) as stream:
        rest = [text_of(await stream.next_message()) for _ in range(2)]
        silence = await stream.next()

    assert rest == ["Đã nhận: hai", "Đã nhận: ba"]
    assert silence == {"comment": ": still here"}


async def test_a_message_sent_out_of_turn_is_not_lost_to_a_reader_who_was_away(office: Office) -> None:
    visitor = await office.visitor()
    await asked(office, visitor, "một")
    address = office.clerk.heard[0].sender
    office.clerk.is_slow = True
    early = await office.clerk.enqueue(address, "tạo trước, gửi sau", "test:early")
    held = await office.clerk.enqueue(address, "tạo sau, gửi trước", "test:late")
    await office.clerk.send_past_the_feed(held.id)
    office.clock.moved += timedelta(seconds=2)

    await office.clerk.send_past_the_feed(early.id)

    async with visitor.stream(last=held.id) as stream:
        assert text_of(await stream.next_message()) == "tạo trước, gửi sau"


async def test_a_message_that_the_feed_did_not_bring_is_found_in_the_history(office: Office) -> None:
    visitor = await office.visitor()
    await asked(office, visitor, "một")

    async with visitor.stream() as stream:
        await stream.next_message()
        item = await office.clerk.enqueue(office.clerk.heard[0].sender, "từ máy khác", "test:other")
        await office.clerk.send_past_the_feed(item.id)
        event = await stream.next_message()

    assert text_of(event) == "từ máy khác"


async def test_two_windows_of_one_visitor_both_get_the_message(office: Office) -> None:
    visitor = await office.visitor()

    async with visitor.stream() as first, visitor.stream() as second:
        await asked(office, visitor, "một")
        assert text_of(await first.next_message()) == text_of(await second.next_message())


async def test_the_same_message_sent_again_is_taken_once(office: Office) -> None:
    visitor = await office.visitor()

    statuses = [(await visitor.post("/chat/messages", {"text": CODE, "id": ID})).status for _ in range(3)]

    assert statuses == [202, 202, 202]
    assert len(office.clerk.heard) == 1


async def test_two_visitors_may_make_the_same_id(office: Office) -> None:
    for visitor in (await office.visitor(), await office.visitor()):
        assert (await visitor.post("/chat/messages", {"text": CODE, "id": ID})).status == 202

    assert len({message.message_id for message in office.clerk.heard}) == 2


async def test_a_message_that_could_not_be_kept_is_not_accepted_and_can_be_sent_again(office: Office) -> None:
    visitor = await office.visitor()
    office.clerk.is_deaf = True
    refused = await visitor.post("/chat/messages", {"text": CODE, "id": ID})
    office.clerk.is_deaf = False

    accepted = await visitor.post("/chat/messages", {"text": CODE, "id": ID})

    assert refused.status == 503
    assert accepted.status == 202
    assert len(office.clerk.heard) == 1


async def test_another_visitor_reads_nothing_of_mine(office: Office) -> None:
    mine, other = await office.visitor(), await office.visitor()

    async with other.stream() as stream:
        await asked(office, mine, CODE)
        events = [await stream.next() for _ in range(4)]

    assert not any("data" in event for event in events)
    assert CODE not in await other.come()


async def test_what_the_reader_has_seen_is_delivered(office: Office) -> None:
    visitor = await office.visitor()
    async with visitor.stream() as stream:
        await asked(office, visitor, CODE)
        event = await stream.next_message()
    item_id = event["id"]

    answer = await visitor.post("/chat/seen", {"id": item_id})
    again = await visitor.post("/chat/seen", {"id": item_id})
    await asyncio.wait_for(office.clerk.receipt_came.wait(), 5)

    assert (answer.status, again.status) == (204, 204)
    assert [(each.item_id, each.state) for each in office.clerk.receipts] == [(item_id, DeliveryState.DELIVERED)]
    item = await office.clerk.storage.read(lambda tx: tx.outbox.get(item_id))
    assert item is not None
    assert item.state is DeliveryState.DELIVERED


async def test_nobody_can_say_that_another_has_seen_a_message(office: Office) -> None:
    mine, other = await office.visitor(), await office.visitor()
    async with mine.stream() as stream:
        await asked(office, mine, CODE)
        event = await stream.next_message()

    theirs = await other.post("/chat/seen", {"id": event["id"]})
    unknown = await other.post("/chat/seen", {"id": "0" * 26})

    assert (theirs.status, await theirs.json()) == (unknown.status, await unknown.json())
    assert theirs.status == 404
    assert office.clerk.receipts == []


async def test_a_silent_stream_shows_that_it_is_alive(office: Office) -> None:
    visitor = await office.visitor()

    async with visitor.stream() as stream:
        assert await stream.next() == {"retry": "2000"}
        assert await stream.next() == {"comment": ": still here"}


async def test_one_visitor_cannot_hold_streams_without_end(office: Office) -> None:
    visitor = await office.visitor()

    async with (
        visitor.stream(),
        visitor.stream(),
        visitor.stream(),
        visitor.stream(),
        visitor.http.get(f"{office.url}/chat/events") as answer,
    ):
        assert answer.status == 429
        assert (await answer.json())["sentence"].startswith("Ông/Bà đang mở trang này ở quá nhiều cửa sổ")


async def test_a_reader_who_has_left_is_forgotten(office: Office) -> None:
    visitor = await office.visitor()
    async with visitor.stream() as stream:
        await stream.next()
        assert office.rooms.watched == 1

    async with asyncio.timeout(20):
        while office.rooms.watched:
            await asyncio.sleep(0.05)


async def test_open_streams_do_not_hold_up_the_end_of_the_service(sqlite_storage: Storage) -> None:
    clock = asyncio.get_running_loop().time
    async with open_office(sqlite_storage) as office:
        visitor = await office.visitor()
        answer = await visitor.http.get(f"{office.url}/chat/events")
        await answer.content.readline()
        began = clock()
        await office.stop()
        took = clock() - began

    assert took < 1.5


async def test_what_is_not_a_message_is_refused(office: Office) -> None:
    visitor = await office.visitor()

    for body in (["x"], {"text": 1, "id": ID}, {"text": "a", "id": "short"}, {"text": "a"}, "x"):
        answer = await visitor.post("/chat/messages", body)
        assert answer.status == 400, body
    form = await visitor.http.post(
        f"{office.url}/chat/messages", data=b'{"text": "a"', headers={"X-Form-Token": visitor.token}
    )
    assert form.status == 415
    assert office.clerk.heard == []


async def test_a_broken_surrogate_does_not_break_the_database(office: Office) -> None:
    visitor = await office.visitor()

    answer = await visitor.http.post(
        f"{office.url}/chat/messages",
        data=b'{"text": "a\\ud800b\\u0000c", "id": "client-made-id"}',
        headers={"X-Form-Token": visitor.token, "Content-Type": "application/json"},
    )

    assert answer.status == 202
    assert office.clerk.heard[0].text == "abc"
