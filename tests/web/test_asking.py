"""The form of the public page: a code, perhaps a second factor, and answers to choose from. No JavaScript anywhere."""

from html import unescape

import pytest

from bot.config import ConversationSettings, Factor, LinkSettings, LookupSettings, PageSettings, Strangers
from bot.conversation.understanding import understand
from bot.model.code import read_codes
from bot.model.message import Asks, Option
from bot.ports import ConversationState, Storage
from bot.web.asking import asked_of
from bot.web.errors import RefusedError
from bot.web.talk import language_of_text
from tests.web.office import CODE, Office, found, open_office

FOLLOW = Option("Theo dõi hồ sơ", f"THEO DOI {CODE}")
NEXT = Option("Bước tiếp theo?", "TIEP")
SHARE = Option("Gửi số điện thoại", "SDT", Asks.PHONE)


async def test_a_second_factor_goes_with_the_code_in_one_message_and_is_shown_to_nobody(office: Office) -> None:
    visitor = await office.visitor()

    await visitor.submit(CODE, factor="4321")

    assert [message.text for message in office.clerk.heard] == [f"HS {CODE}; 4321"]
    assert visitor.bubbles[0] == f"{CODE} · ••••"


@pytest.mark.parametrize("typed", ["H56.14-251103-0042", "h56.14 251103 0042", "000.17.22.H56-210531-0001"])
@pytest.mark.parametrize("factor", ["4321", "0912", "A1B2", "01234567", "abcd", "AB 12", "0912 345 678", "a-b-c-4"])
def test_the_conversation_reads_the_same_code_and_the_factor_beside_it(typed: str, factor: str) -> None:
    asked = asked_of({"text": typed, "factor": factor, "id": "a" * 26}, takes_factor=True)

    intent = understand(asked.text, ConversationState())
    assert intent.name == "lookup"
    assert [each.code for each in intent.codes] == [each.code for each in read_codes(typed)]
    assert intent.rest == factor.replace(" ", "").replace("-", "")


@pytest.mark.parametrize("typed", ["H56.14-251103", "khai sinh", "1.005129"])
def test_a_second_factor_needs_a_code_beside_it(typed: str) -> None:
    with pytest.raises(RefusedError, match="no_code") as refused:
        asked_of({"text": typed, "factor": "4321", "id": "a" * 26}, takes_factor=True)

    assert refused.value.field == "text"


@pytest.mark.parametrize(
    ("fields", "word", "field"),
    [
        ({"text": "", "factor": "4321"}, "empty", "text"),
        ({"text": CODE, "factor": "4" * 41}, "factor_too_long", "factor"),
        ({"text": CODE + "x" * 999}, "too_long", "text"),
        ({"text": CODE, "id": "?"}, "unreadable", ""),
    ],
)
def test_a_refusal_names_the_field_that_is_at_fault(fields: dict[str, str], word: str, field: str) -> None:
    with pytest.raises(RefusedError, match=word) as refused:
        asked_of({"id": "a" * 26} | fields, takes_factor=True)

    assert refused.value.field == field


async def test_an_error_stands_beside_its_own_field_and_keeps_both(office: Office) -> None:
    visitor = await office.visitor()

    answer = await visitor.submit("khai sinh", factor="4321")

    assert answer.status == 400
    assert "không thấy mã hồ sơ" in found(r'id="error" role="alert">([^<]*)<', visitor.page)
    assert found(r'id="factor-error" role="alert">([^<]*)<', visitor.page) == ""
    assert 'value="khai sinh"' in visitor.page
    assert 'value="4321"' in visitor.page
    assert visitor.page.count('aria-invalid="true"') == 1
    assert "<title>Lỗi: " in visitor.page


async def test_an_error_that_no_field_has_made_marks_none(office: Office) -> None:
    visitor = await office.visitor()
    office.clerk.is_deaf = True

    await visitor.submit(CODE)

    assert "chưa nhận được tin" in visitor.page
    assert "aria-invalid" not in visitor.page


@pytest.mark.parametrize(
    ("factors", "label", "kinds"),
    [
        (tuple(Factor), "Mã tra cứu hoặc 4 số cuối", 3),
        ((Factor.LOOKUP_CODE,), "Mã tra cứu", 1),
        ((Factor.PHONE, Factor.ID), "4 số cuối", 2),
    ],
)
async def test_the_field_says_what_may_be_named_beside_a_code(
    sqlite_storage: Storage, factors: tuple[Factor, ...], label: str, kinds: int
) -> None:
    async with open_office(sqlite_storage, lookup=LookupSettings(factors=factors)) as office:
        visitor = await office.visitor()

    assert f'<label for="factor">{label} <' in visitor.page
    assert found(r'(?s)id="factor-hint">(.*?)</ul>', visitor.page).count("<li>") == kinds


async def test_where_no_factor_helps_there_is_no_field_and_none_is_taken(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, lookup=LookupSettings(factors=())) as office:
        visitor = await office.visitor()
        await visitor.submit(CODE, factor="4321")

        assert 'name="factor"' not in visitor.page
        assert office.clerk.heard[0].text == CODE


async def test_where_strangers_learn_nothing_the_field_does_not_call_itself_a_bonus(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, lookup=LookupSettings(strangers=Strangers.NOTHING)) as office:
        visitor = await office.visitor()

    assert "Muốn xem cả" not in visitor.page
    assert "Để xem tình trạng và ngày hẹn" in visitor.page


async def test_answers_to_choose_from_are_small_forms_and_show_their_words(office: Office) -> None:
    office.clerk.options = (FOLLOW, NEXT, SHARE)
    visitor = await office.visitor()
    await visitor.submit(CODE)
    assert visitor.choices == ["Theo dõi hồ sơ", "Bước tiếp theo?"]

    answer = await visitor.choose("Theo dõi hồ sơ")

    assert answer.status == 200
    assert office.clerk.heard[-1].text == FOLLOW.says
    assert visitor.bubbles[-2] == "Theo dõi hồ sơ"


async def test_buttons_stay_at_the_last_answer_and_at_what_nobody_asked_for(office: Office) -> None:
    office.clerk.options = (NEXT,)
    visitor = await office.visitor()
    await visitor.submit("câu một")
    await office.clerk.tell(office.clerk.heard[0].sender, "Ông/Bà có hài lòng không?", (Option("Hài lòng", "HL 2"),))

    await visitor.submit("câu hai")

    assert visitor.choices == ["Hài lòng", "Bước tiếp theo?"]


async def test_two_buttons_of_one_old_page_are_two_messages_and_one_pressed_twice_is_one(office: Office) -> None:
    office.clerk.options = (FOLLOW, NEXT)
    visitor = await office.visitor()
    await visitor.submit(CODE)
    old = visitor.page

    for label in ("Theo dõi hồ sơ", "Theo dõi hồ sơ", "Bước tiếp theo?"):
        visitor.page = old
        await visitor.choose(label)

    assert [message.text for message in office.clerk.heard] == [CODE, FOLLOW.says, NEXT.says]


async def test_the_conversation_is_told_the_language_of_the_page_and_the_network(office: Office) -> None:
    visitor = await office.visitor()

    await visitor.submit(CODE, lang="en")
    await visitor.post("/chat/messages?lang=en", {"text": CODE, "id": "client-made-id"})
    await visitor.submit(CODE, lang="xx")

    assert [message.language for message in office.clerk.heard] == ["en", "en", "vi"]
    assert {message.network for message in office.clerk.heard} == {"127.0.0.1"}


async def test_an_answer_in_the_other_language_is_marked_as_such(office: Office) -> None:
    visitor = await office.visitor()

    await visitor.submit("hồ sơ của tôi đến đâu rồi", lang="en")

    assert '<p lang="vi">Đã nhận: hồ sơ' in visitor.page


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (f"Hồ sơ {CODE}: đang được xử lý. Ngày hẹn trả: 16:30 30/8/2026.", "vi"),
        ("Không có thông tin để trả lời về mã này.", "vi"),
        (f"Dossier {CODE}: being processed. Appointment: 16:30 30/8/2026. Agency: UBND phường Vĩnh Hải.", "en"),
        ("Please send the code printed on your receipt.", "en"),
        ("16:30 30/8/2026", ""),
    ],
)
def test_the_language_of_an_answer_is_told_from_its_letters(text: str, language: str) -> None:
    assert language_of_text(text) == language


LINKS = LinkSettings(web="https://hoso.tinh.gov.vn", telegram="motcuabot", zalo="123456", sms="8041")


async def test_a_page_opened_by_a_code_leads_to_the_other_channels_with_it(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, links=LINKS) as office:
        visitor = await office.stranger()
        page = await visitor.come(f"/?ma={CODE}")

    assert "https://t.me/motcuabot?start=H56_14-251103-0042" in page
    assert f"sms:8041?body=HS%20{CODE}" in page
    assert "https://zalo.me/123456" in page
    assert f'href="/?ma={CODE}&amp;lang=en"' in page


async def test_without_a_code_the_other_channels_are_just_opened(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, links=LINKS) as office:
        visitor = await office.visitor()

    assert 'href="https://t.me/motcuabot"' in visitor.page
    assert 'href="sms:8041?body=HS%20"' in visitor.page


async def test_after_a_question_neither_code_nor_factor_is_in_any_address(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, links=LINKS) as office:
        office.clerk.options = (FOLLOW,)
        visitor = await office.visitor()
        answer = await visitor.submit(CODE, factor="Kx93")

        page = unescape(visitor.page)
        assert answer.url.path == "/tra-cuu"
        assert not answer.url.query_string
        for address in [each.split('"')[0] for each in page.split('href="')[1:] + page.split('action="')[1:]]:
            assert "0042" not in address
            assert "Kx93" not in address


async def test_a_channel_that_is_not_configured_is_not_offered(office: Office) -> None:
    visitor = await office.visitor()

    assert "Cách hỏi khác" not in visitor.page
    assert "zalo.me" not in visitor.page
    assert "Làm sao biết" not in visitor.page


async def test_the_page_says_how_to_know_that_it_is_us(sqlite_storage: Storage) -> None:
    ours = ConversationSettings(hotline="0258 3838 838", official=("Zalo: Một cửa <Khánh Hòa>", "SMS: KHANHHOA"))
    async with open_office(sqlite_storage, conversation=ours) as office:
        visitor = await office.visitor()

    assert "Zalo: Một cửa &lt;Khánh Hòa&gt;" in visitor.page
    assert 'href="tel:02583838838">0258 3838 838<' in visitor.page


async def test_a_qr_code_opens_the_page_with_the_code_and_nobody_is_asked_for_it(sqlite_storage: Storage) -> None:
    class Untouched:
        async def read(self, work: object) -> None:
            raise AssertionError("looked up")

    async with open_office(sqlite_storage, links=LINKS, storage=Untouched()) as office:
        visitor = await office.stranger()
        async with visitor.http.get(f"{office.url}/qr/{CODE}.svg") as answer:
            drawing = await answer.text()

    assert answer.status == 200
    assert answer.content_type == "image/svg+xml"
    assert drawing.startswith("<svg ")


@pytest.mark.parametrize("name", ["khai-sinh", "H56.14-251103", f"{CODE}x", "%3Csvg%3E"])
async def test_what_is_no_code_has_no_qr_code(sqlite_storage: Storage, name: str) -> None:
    async with open_office(sqlite_storage, links=LINKS) as office:
        visitor = await office.stranger()
        async with visitor.http.get(f"{office.url}/qr/{name}.svg") as answer:
            assert answer.status == 404


async def test_without_an_address_of_the_page_there_is_no_qr_code(office: Office) -> None:
    visitor = await office.stranger()

    async with visitor.http.get(f"{office.url}/qr/{CODE}.svg") as answer:
        assert answer.status == 404


async def test_drawing_qr_codes_is_limited(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, links=LINKS, network_per_minute=4) as office:
        visitor = await office.stranger()
        statuses = [(await visitor.http.get(f"{office.url}/qr/{CODE}.svg")).status for _ in range(4)]

    assert statuses == [200, 200, 429, 429]


async def test_a_number_to_text_to_is_shown_even_where_it_has_no_link_of_its_own(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, settings=PageSettings(short_code="8041")) as office:
        visitor = await office.visitor()

    assert ">8041</a>" in visitor.page
