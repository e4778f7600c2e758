"""`motcua clerk …`, `motcua feedback …` and `motcua survey`, as clerks type them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.desk import handle_of
from bot.model.clock import utc_now
from bot.model.message import DeliveryState, InboundMessage, OutboxItem
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Score, Survey, Talk
from bot.ports import Storage, Transaction
from tests.support.desk import Desk
from tests.support.making import OWNER_PHONE

GATEWAY = """
[channels.esms]
kind = "sms_smpp"
host = "127.0.0.1"
system_id = "motcua"
password = "env:MOTCUA_TEST_PASSWORD"
source_addr = "8041"
[channels.web]
kind = "webchat"
[routes.default]
gateways = { esms = 100 }
"""
MAI = Address("sms", OWNER_PHONE)
CHAT = Address("webchat", "3f" * 16)


@pytest.fixture
def office(service: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """With a gateway and a web chat."""
    monkeypatch.setenv("MOTCUA_TEST_PASSWORD", "s3cret")
    service.configure(GATEWAY)
    return service


def talking(office: Desk, address: Address = CHAT, channel: str = "web") -> str:
    """Somebody waits for a clerk; the handle."""
    now = utc_now() - timedelta(minutes=5)
    talk = Talk(address=address, channel=channel, agency="H32.15", begun_at=now, heard_at=now)
    office.in_database(lambda storage: storage.write(lambda tx: tx.service.begin_talk(talk)))
    return handle_of(talk)


NOTED = Feedback(
    kind=FeedbackKind.PROPOSAL,
    address=CHAT,
    channel="web",
    agency="H32.15",
    at=utc_now(),
    text="Quầy số 3 chậm quá",
    name="Nguyễn Thị Mai",
    home="thôn 3",
    phone=OWNER_PHONE,
)


def noted(office: Desk, **changes: Any) -> str:
    """Feedback that waits; its number."""
    made = replace(NOTED, **changes)

    async def add(storage: Storage) -> str:
        return await storage.write(lambda tx: tx.service.add_feedback(made, day="261122", prefix="PA"))

    return office.in_database(add)


def waiting(office: Desk) -> list[OutboxItem]:
    return office.in_database(lambda storage: storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=9)))


# Conversations


def test_an_empty_desk_says_so(office: Desk) -> None:
    assert "Không có trao đổi nào với cán bộ. / No conversation" in office.said("clerk", "list")
    assert "Không có nội dung nào chờ trả lời. / Nothing waits" in office.said("feedback", "list")
    assert "chưa hỏi ai. / Nobody was asked" in office.said("survey")
    assert office.json("clerk", "list") == office.json("feedback", "list") == []


def test_who_waits_is_listed_with_a_handle_and_no_address(office: Desk) -> None:
    handle = talking(office, MAI, "esms")

    shown = office.said("clerk", "list")
    (listed,) = office.json("clerk", "list")

    assert handle in shown
    assert "đang chờ / waits" in shown
    assert OWNER_PHONE not in shown
    assert (listed["handle"], listed["address"]) == (handle, "sms:+8491•••678")


def test_a_thread_is_shown_without_the_signs_that_steer_a_terminal(office: Desk) -> None:
    handle = talking(office)
    said = InboundMessage(
        channel="web", message_id="1", sender=CHAT, text="Hồ sơ của tôi\x1b[2J đâu?\nCảm ơn", at=utc_now()
    )
    office.in_database(lambda storage: storage.write(lambda tx: tx.conversations.first_time(said)))

    shown = office.said("clerk", "show", handle)
    listed = office.json("clerk", "show", handle)

    assert "\x1b" not in shown
    assert "Hồ sơ của tôi" in shown
    assert [line["text"] for line in listed["lines"]] == [said.text]


def test_an_answer_is_on_its_way_at_once_in_a_chat(office: Desk) -> None:
    handle = talking(office)

    said = office.said("clerk", "reply", handle[:3], "Chào bà, hồ sơ đang chờ ký.", "--by", "lan")

    (item,) = waiting(office)
    assert f"{handle}: đã chuyển đi" in said
    assert (item.channel, item.text) == ("web", "Cán bộ trả lời:\nChào bà, hồ sơ đang chờ ký.")
    assert "lan" in office.said("clerk", "list")


def test_an_sms_is_shown_part_by_part_and_asked_for(office: Desk) -> None:
    handle = talking(office, MAI, "esms")
    words = "Hồ sơ đang chờ chữ ký. " * 8

    refused = office.types("clerk", "reply", handle, words, answer="n\n")
    nothing = waiting(office)
    agreed = office.types("clerk", "reply", handle, words, answer="y\n")

    (item,) = waiting(office)
    assert (refused.code, nothing) == (1, [])
    assert "[1/2] Can bo tra loi: Ho so dang cho chu ky." in agreed.out
    assert agreed.code == 0
    assert (item.channel, item.route, item.parts) == ("default", "default", 2)


def test_with_yes_an_sms_is_not_asked_for(office: Desk) -> None:
    handle = talking(office, MAI, "esms")

    office.said("clerk", "reply", handle, "Đã ký.", "--yes")

    assert [item.text for item in waiting(office)] == ["Can bo tra loi: Da ky."]


def test_ending_it_tells_the_citizen(office: Desk) -> None:
    handle = talking(office)

    assert "công dân được báo" in office.said("clerk", "close", handle)
    assert [item.text[:7] for item in waiting(office)] == ["Cán bộ "]
    assert "Không có trao đổi nào" in office.said("clerk", "list")


@pytest.mark.parametrize("command", [("show",), ("close",), ("reply", "Chào bà.")])
def test_a_handle_that_nobody_has_is_an_error_in_words(office: Desk, command: tuple[str, ...]) -> None:
    talking(office)
    verb, *rest = command

    refused = office.refused("clerk", verb, "zzzzz", *rest)

    assert "không có trao đổi nào mang mã này / no open conversation has this handle" in refused


def test_a_handle_that_two_have_names_them(office: Desk) -> None:
    first = talking(office)
    shared = first[0]
    handles = {first}
    number = 0
    while len([handle for handle in handles if handle[0] == shared]) < 2:
        number += 1
        handles.add(talking(office, Address("webchat", f"{number:032}")))

    refused = office.refused("clerk", "show", shared)

    assert "có nhiều trao đổi / several conversations" in refused
    assert first in refused


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("  ", "lời trả lời còn trống / the answer is empty"),
        ("x" * 1901, "quá dài, nhiều nhất / the answer is too long, at most 1900 ký tự"),
    ],
)
def test_an_answer_is_neither_empty_nor_too_long(office: Desk, text: str, error: str) -> None:
    handle = talking(office)

    assert error in office.refused("clerk", "reply", handle, text)
    assert waiting(office) == []


def test_a_long_sms_is_refused_with_the_limit(office: Desk) -> None:
    handle = talking(office, MAI, "esms")

    assert "at most 4 phần SMS" in office.refused("clerk", "reply", handle, "x" * 700, "--yes")


def test_a_channel_that_is_gone_is_said(office: Desk) -> None:
    handle = talking(office, CHAT, "oldweb")

    assert "[channels.oldweb] không còn trong cấu hình" in office.refused("clerk", "reply", handle, "Chào bà.")


# Feedback


def test_feedback_is_listed_by_agency_and_kind(office: Desk) -> None:
    first = noted(office)
    second = noted(office, agency="H32.15.02")
    third = noted(office, agency="H32.99", kind=FeedbackKind.SCAM, text="Nhắn tin đòi\nchuyển tiền")

    every, below = office.said("feedback", "list"), office.json("feedback", "list", "--agency", "H32.15")
    scams = office.json("feedback", "list", "--kind", "scam")

    assert all(number in every for number in (first, second, third))
    assert "Nhắn tin đòi chuyển tiền" in every
    assert "Nguyễn Thị Mai" not in every
    assert [each["number"] for each in below] == [first, second]
    assert [each["number"] for each in scams] == [third]
    assert {"name", "home", "phone"}.isdisjoint(scams[0])


def test_one_is_shown_whole_to_who_must_answer_it(office: Desk) -> None:
    number = noted(office)

    shown = office.said("feedback", "show", number.lower())

    assert all(words in shown for words in ("Nguyễn Thị Mai", "thôn 3", OWNER_PHONE, "Quầy số 3 chậm quá"))
    assert office.json("feedback", "show", number)["phone"] == OWNER_PHONE


def test_the_answer_is_kept_and_sent_once(office: Desk) -> None:
    number = noted(office)

    said = office.said("feedback", "answer", number, "--text", "Đã bố trí thêm quầy.", "--by", "lan")
    refused = office.refused("feedback", "answer", number, "--text", "Lần nữa.")

    (item,) = waiting(office)
    assert "người gửi được báo / the sender is told" in said
    assert item.text.endswith("Đã bố trí thêm quầy.")
    assert "đã được trả lời / was answered already by lan" in refused
    assert "Không có nội dung nào chờ trả lời" in office.said("feedback", "list")
    assert number in office.said("feedback", "list", "--all")


def test_an_answer_by_sms_is_asked_for(office: Desk) -> None:
    number = noted(office, address=MAI, channel="esms")

    refused = office.types("feedback", "answer", number, "--text", "Đã bố trí thêm quầy.", answer="n\n")
    kept = office.json("feedback", "show", number)
    office.said("feedback", "answer", number, "--text", "Đã bố trí thêm quầy.", "--yes")

    (item,) = waiting(office)
    assert (refused.code, kept["answer"]) == (1, "")
    assert item.text == f"Kinh gui Ong/Ba, tra loi ve noi dung so {number}: Da bo tri them quay."


def test_a_wrong_number_is_noted_as_settled_and_nobody_is_written_to(office: Desk) -> None:
    number = noted(office, kind=FeedbackKind.WRONG_NUMBER, address=MAI, channel="esms")

    said = office.said("feedback", "answer", number, "--text", "Đã sửa số trong hồ sơ.")

    assert "người gửi không bị nhắn nữa" in said
    assert waiting(office) == []


@pytest.mark.parametrize("command", [("show", "PA-1"), ("answer", "PA-1", "--text", "Đã xem.")])
def test_a_number_that_was_never_given_is_an_error_in_words(office: Desk, command: tuple[str, ...]) -> None:
    assert "không có số tiếp nhận này / no such receipt number" in office.refused("feedback", *command)


def test_more_than_a_screen_is_said(office: Desk) -> None:
    for _ in range(51):
        noted(office)

    shown = office.said("feedback", "list")

    assert shown.count("PA-261122-") == 50
    assert "còn nữa, xem --json / there are more, see --json" in shown


# Satisfaction


def test_satisfaction_is_counted_by_agency_as_the_reports_count_it(office: Desk) -> None:
    now = utc_now()
    asked = [
        Survey(source="s", code=str(number), address=CHAT, agency="H32.15" if number < 77 else "H32.99", asked_at=now)
        for number in range(80)
    ]
    scores = [Score.VERY_SATISFIED] * 61 + [Score.SATISFIED] * 14 + [None] * 4 + [Score.NOT_SATISFIED]

    async def fill(tx: Transaction) -> None:
        await tx.service.ask_survey(asked)
        for survey, score in zip(asked, scores, strict=True):
            if score:
                await tx.service.answer_survey(survey, score=score, at=now)

    office.in_database(lambda storage: storage.write(fill))
    shown = office.said("survey")
    listed = office.json("survey", "--since", "2020-01-01")

    assert "61 (81,3%)" in shown
    assert "14 (18,7%)" in shown
    assert "100,0%" in shown
    assert (listed["asked"], listed["answered"]) == (80, 76)
    assert listed["agencies"][1] == {
        "agency": "H32.99", "asked": 3, "very_satisfied": 0, "satisfied": 0, "not_satisfied": 1, "answered": 1,
    }  # fmt: skip


def test_only_what_was_asked_since_a_day_is_counted(office: Desk) -> None:
    survey = Survey(source="s", code="1", address=CHAT, agency="H32.15", asked_at=utc_now() - timedelta(days=100))
    office.in_database(lambda storage: storage.write(lambda tx: tx.service.ask_survey([survey])))

    assert "chưa hỏi ai" in office.said("survey")
    assert office.json("survey", "--since", "01/01/2020")["asked"] == 1
