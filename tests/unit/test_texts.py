"""The words: complete in both languages, in order for every channel, honest about what is missing."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.dossier import Status
from bot.model.message import Situation
from bot.model.sms import encoding_of, segment
from bot.texts import Catalogue, MissingValueError, show_moment
from bot.texts.catalogue import read_words

ORDINARY = {
    "code": "H32.15.02-261122-0001",
    "procedure": "Đăng ký khai sinh",
    "status": "đã được tiếp nhận",
    "agency": "UBND phường Vĩnh Hải",
    "appointment": "16:30 30/11/2026",
    "old_appointment": "16:30 25/11/2026",
    "supplement": "Bản sao chứng thực giấy chứng sinh",
    "reason": "Giấy chứng sinh nộp kèm bị mờ",
    "place": "Bộ phận Một cửa UBND phường Vĩnh Hải",
    "hours": "trong giờ hành chính",
    "synced": "08:15 22/11/2026",
    "example": "H56.14-240823-0001",
    "limit": "3",
    "text": "Tin thử",
    "lines": "",
    "days": "còn 4 ngày làm việc",
    "factors": "mã tra cứu hoặc 4 số cuối điện thoại, giấy tờ",
}
WORST = {name: (value + " ") * 60 for name, value in ORDINARY.items()} | {
    "code": "000.00.12.H62-20201105-0092637",
    "appointment": "16:30 30/11/2026",
    "old_appointment": "16:30 25/11/2026",
    "synced": "08:15 22/11/2026",
    "example": "H56.14-240823-0001",
    "limit": "3",
    "days": "đã quá 120 ngày làm việc",
    "factors": "mã tra cứu hoặc 4 số cuối điện thoại, giấy tờ",
    "status": "cần Ông/Bà thực hiện nghĩa vụ tài chính",
    "hours": "trong giờ hành chính, thứ Hai đến thứ Sáu",
}


def filled(name: str, values: dict[str, str]) -> dict[str, str]:
    """`values`, with a short one for every other name that the message uses, a long one where it may be shortened."""
    family, _, key = name.partition(".")
    entry = read_words("vi")[family][key]
    names = set(re.findall(r"\b[a-z_]\w*\b", " ".join(re.findall(r"{[{%](.*?)[}%]}", entry["chat"] + entry["sms"]))))
    long = "một hai ba bốn " * 20 if values is WORST else "một hai"
    return {each: long if each in entry["flexible"] else "12345678" for each in names} | values


NAMES = sorted(Catalogue.load("vi").messages)


def test_both_languages_say_the_same_things() -> None:
    raw = {language: read_words(language) for language in ("vi", "en")}
    shape = {
        language: {
            (family, name): (tuple(entry.get("required", ())), tuple(entry["flexible"]), _placeholders(entry))
            for family in ("push", "reply")
            for name, entry in table[family].items()
        }
        for language, table in raw.items()
    }
    assert shape["vi"] == shape["en"]
    assert set(raw["vi"]["status"]) == set(raw["en"]["status"]) == {str(status.value) for status in Status}
    assert set(raw["vi"]["label"]) == set(raw["en"]["label"]) == set(raw["vi"]["status"])
    assert set(raw["vi"]["button"]) == set(raw["en"]["button"])


@pytest.mark.parametrize("language", ["vi", "en"])
def test_labels_and_buttons_are_short(language: str) -> None:
    catalogue = Catalogue.load(language)

    assert max(map(len, [*catalogue.labels.values(), *catalogue.buttons.values()])) <= 30


def _placeholders(entry: dict[str, str]) -> frozenset[str]:
    return frozenset(re.findall(r"{{ *(\w+)", entry["chat"] + entry["sms"]))


def test_every_pushed_situation_has_its_words() -> None:
    pushed = {name.removeprefix("push.") for name in NAMES if name.startswith("push.")}
    assert pushed == {situation.value for situation in Situation} - {"reply", "answer", "code", "broadcast"}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("values", [ORDINARY, WORST], ids=["ordinary", "worst"])
def test_an_sms_is_plain_and_fits_two_parts(language: str, name: str, values: dict[str, str]) -> None:
    rendered = Catalogue.load(language).render(name, filled(name, values), plain=True)

    assert rendered.text.isascii()
    assert encoding_of(rendered.text) == "GSM-7"
    assert len(segment(rendered.text).parts) == rendered.parts <= 2
    if "{{ code }}" in _source(language, name):
        assert values["code"] in rendered.text


@pytest.mark.parametrize("name", ["push.progress", "push.withdrawn", "reply.level"])
def test_an_ordinary_notice_fits_one_part(name: str) -> None:
    assert Catalogue.load("vi").render(name, ORDINARY, plain=True).parts == 1


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_chat_text_is_whole_and_short_enough(language: str, name: str) -> None:
    rendered = Catalogue.load(language).render(name, filled(name, WORST), plain=False)

    assert len(rendered.text) < 4096
    assert "{" not in rendered.text
    assert "None" not in rendered.text


def _source(language: str, name: str) -> str:
    family, _, key = name.partition(".")
    text: str = read_words(language)[family][key]["sms"]
    return text


def test_an_apology_names_old_and_new_appointment_and_the_reason() -> None:
    text = Catalogue.load("vi").render("push.apology", ORDINARY, plain=True).text

    assert text == (
        "UBND phuong Vinh Hai xin loi Ong/Ba: ho so H32.15.02-261122-0001 chua the tra dung hen 16:30 25/11/2026. "
        "Hen lai: 16:30 30/11/2026. Ly do: Giay chung sinh nop kem bi mo. Mong Ong/Ba thong cam."
    )


def test_a_result_says_where_and_when_from_the_record_or_else_from_the_office() -> None:
    catalogue = Catalogue.load("vi")
    known = catalogue.render("push.result", ORDINARY | {"place": "Quầy số 3, 8:00-16:30"}, plain=True).text
    unknown = catalogue.render("push.result", ORDINARY | {"place": ""}, plain=True).text

    assert "Moi den nhan tai Quay so 3, 8:00-16:30. Xin mang" in known
    assert "Moi den nhan tai UBND phuong Vinh Hai, trong gio hanh chinh. Xin mang" in unknown


def test_a_missing_required_value_is_refused_by_name() -> None:
    with pytest.raises(MissingValueError) as refused:
        Catalogue.load("vi").render("push.apology", ORDINARY | {"old_appointment": ""}, plain=True)
    assert refused.value.name == "old_appointment"


def test_a_supplement_without_content_says_where_to_ask() -> None:
    text = Catalogue.load("vi").render("push.supplement", ORDINARY | {"supplement": "", "reason": ""}, plain=True).text

    assert "xin xem phieu yeu cau bo sung" in text
    assert "Ly do" not in text


def test_an_unknown_status_is_in_progress_with_the_sources_own_word() -> None:
    catalogue = Catalogue.load("vi")

    assert catalogue.status(Status.UNKNOWN, "Chờ ký số") == "đang xử lý (Chờ ký số)"
    assert catalogue.status(Status.UNKNOWN) == "đang xử lý"


def test_data_of_an_export_is_never_taken_for_a_template() -> None:
    text = Catalogue.load("vi").render("push.supplement", ORDINARY | {"supplement": "{{ 7 * 7 }}"}, plain=False).text

    assert "{{ 7 * 7 }}" in text


@given(st.dictionaries(st.sampled_from(["supplement", "reason", "agency", "place"]), st.text(max_size=3000)))
def test_whatever_an_export_holds_two_parts_are_enough(odd: dict[str, str]) -> None:
    for name in ("push.supplement", "push.apology", "reply.full"):
        rendered = Catalogue.load("vi").render(name, ORDINARY | odd, plain=True)
        assert rendered.parts == len(segment(rendered.text).parts) <= 2


def test_times_are_shown_in_vietnam() -> None:
    assert show_moment(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == "00:00 01/01/2027"
    assert show_moment(None) == ""
