"""The public page without JavaScript: one field, one answer."""

import asyncio
from html import unescape

import pytest

from bot.config import PageSettings
from bot.model.message import DeliveryState
from bot.ports import Storage
from tests.web.office import CODE, Office, found, open_office


async def test_a_code_is_answered_on_the_page_and_counts_as_delivered(office: Office) -> None:
    visitor = await office.visitor()

    answer = await visitor.submit(CODE)

    assert answer.status == 200
    assert visitor.bubbles == [CODE, f"Đã nhận: {CODE}"]
    assert [message.text for message in office.clerk.heard] == [CODE]
    await asyncio.wait_for(office.clerk.receipt_came.wait(), 5)
    item_id = found(r'data-id="([^"]+)"', visitor.page)
    assert [receipt.item_id for receipt in office.clerk.receipts] == [item_id]
    item = await office.clerk.storage.read(lambda tx: tx.outbox.get(item_id))
    assert item is not None
    assert item.state is DeliveryState.DELIVERED


async def test_the_conversation_is_still_there_when_the_page_is_opened_again(office: Office) -> None:
    visitor = await office.visitor()
    await visitor.submit("câu một")
    await visitor.submit("câu hai")

    page = await visitor.come()

    assert page.index("Đã nhận: câu một") < page.index("Đã nhận: câu hai")


async def test_the_same_form_sent_twice_is_one_message_and_shows_the_same_answer(office: Office) -> None:
    visitor = await office.visitor()
    form_id = found(r'name="id" value="([^"]+)"', visitor.page)

    await visitor.submit(CODE, id=form_id)
    first = found(r'data-id="([^"]+)"', visitor.page)
    await visitor.submit(CODE, id=form_id)

    assert len(office.clerk.heard) == 1
    assert found(r'data-id="([^"]+)"', visitor.page) == first


async def test_a_late_answer_can_be_asked_for_without_asking_twice(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, settings=PageSettings(answer_wait=0.2)) as office:
        office.clerk.is_slow = True
        visitor = await office.visitor()
        await visitor.submit(CODE)
        assert "Xem câu trả lời" in visitor.page

        await office.clerk.send_all()
        form_id = found(r'name="id" value="([^"]+)"', visitor.page)
        await visitor.submit(CODE, id=form_id)

        assert visitor.bubbles == [CODE, f"Đã nhận: {CODE}"]
        assert "Xem câu trả lời" not in visitor.page
        assert len(office.clerk.heard) == 1


async def test_markup_in_a_question_is_text(office: Office) -> None:
    visitor = await office.visitor()
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'

    await visitor.submit(attack)

    assert "<script>alert" not in visitor.page
    assert "<img src=x" not in visitor.page
    assert visitor.page.count(attack) == 0
    assert unescape(visitor.page).count(attack) == 2


async def test_markup_in_a_link_to_the_page_is_text(office: Office) -> None:
    visitor = await office.stranger()

    page = await visitor.come('/?ma="><script>alert(1)</script>')

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_a_link_with_a_code_fills_the_field_and_asks_nothing(office: Office) -> None:
    visitor = await office.stranger()

    page = await visitor.come(f"/?ma={CODE}")

    assert f'value="{CODE}"' in page
    assert office.clerk.heard == []


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        ("", 400, "Xin nhập mã hồ sơ"),
        ("   \n\u0000", 400, "Xin nhập mã hồ sơ"),
        ("ồ" * 1001, 413, "nhiều nhất 1.000 ký tự"),
    ],
)
async def test_an_unusable_text_is_explained_beside_the_field_and_kept_in_it(
    office: Office, text: str, status: int, sentence: str
) -> None:
    visitor = await office.visitor()

    answer = await visitor.submit(text)

    assert answer.status == status
    assert sentence in found(r'role="alert">([^<]*)<', visitor.page)
    assert office.clerk.heard == []
    if text.strip("\n\u0000 "):
        assert text in visitor.page


async def test_a_text_of_exactly_the_longest_length_is_taken(office: Office) -> None:
    visitor = await office.visitor()

    answer = await visitor.submit("ồ" * 1000)

    assert answer.status == 200
    assert office.clerk.heard[0].text == "ồ" * 1000


async def test_letters_arrive_composed_and_without_control_characters(office: Office) -> None:
    visitor = await office.visitor()

    await visitor.submit("ho\u0302\u0300 so\u031b\u0000\u001b H56")

    assert office.clerk.heard[0].text == "hồ sơ H56"


async def test_a_body_that_is_too_big_is_refused(office: Office) -> None:
    visitor = await office.visitor()

    answer = await visitor.submit("a" * 20_000)

    assert answer.status == 413
    assert office.clerk.heard == []


async def test_what_cannot_be_kept_is_not_taken_and_the_visitor_is_told(office: Office) -> None:
    visitor = await office.visitor()
    office.clerk.is_deaf = True

    answer = await visitor.submit(CODE)

    assert answer.status == 503
    assert "chưa nhận được tin" in visitor.page
    assert f'value="{CODE}"' in visitor.page


async def test_the_page_speaks_english_when_asked(office: Office) -> None:
    visitor = await office.stranger()
    page = await visitor.come("/?lang=en")
    assert '<html lang="en">' in page
    assert "Where is my dossier?" in page

    await visitor.submit("", lang="en")

    assert "Please enter a dossier code" in visitor.page


async def test_leaving_begins_a_new_session_with_an_empty_page(office: Office) -> None:
    visitor = await office.visitor()
    await visitor.submit(CODE)

    async with visitor.http.post(f"{office.url}/ket-thuc", data={"token": visitor.token}) as answer:
        page = await answer.text()

    assert CODE not in page
    await visitor.come()
    await visitor.submit("câu hai")
    assert office.clerk.heard[0].sender != office.clerk.heard[1].sender


async def test_an_answer_of_several_messages_is_shown_whole_and_in_order(office: Office) -> None:
    office.clerk.answers = 3
    visitor = await office.visitor()

    await visitor.submit(CODE)

    assert visitor.bubbles[1:] == [f"Đã nhận: {CODE}", f"2: {CODE}", f"3: {CODE}"]


async def test_where_no_answer_is_planned_the_page_does_not_wait_for_one(office: Office) -> None:
    office.clerk.answers = 0
    visitor = await office.visitor()
    clock = asyncio.get_running_loop().time
    began = clock()

    await visitor.submit("xin gặp cán bộ")

    assert clock() - began < office.context.settings.answer_wait
    assert "Chúng tôi đã nhận tin" in visitor.page
    assert "Xem câu trả lời" in visitor.page


async def test_what_several_visitors_have_seen_is_told_together_and_at_the_latest_at_the_end(
    sqlite_storage: Storage,
) -> None:
    async with open_office(sqlite_storage) as office:
        visitors = [await office.visitor() for _ in range(3)]
        await asyncio.gather(*(visitor.submit(CODE) for visitor in visitors))
        await office.stop()

    assert len({receipt.item_id for receipt in office.clerk.receipts}) == 3
    assert office.clerk.tellings < 3
