"""What is wrong with a text is found before anybody reads it on a phone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model.message import Form, Situation
from bot.model.parameters import CITIZEN_VALUES, STAFF_VALUES
from bot.model.sms import unaccented
from bot.model.wording import EDITABLE, TextKey, Wording
from bot.texts.catalogue import LANGUAGES, shipped
from bot.texts.drafts import DraftFile
from bot.texts.linting import Finding, Rules, Severity, lint
from bot.texts.samples import ORDINARY, WORST

RESULT = TextKey(Situation.RESULT, "vi")
GOOD = Wording(
    chat="Kính gửi Ông/Bà, hồ sơ {{ code }} đã có kết quả{% if place %} tại {{ place }}{% endif %}.",
    sms="Kính gửi Ông/Bà: hồ sơ {{ code }} đã có kết quả.",
    required=("code",),
    flexible=("place",),
)
PATTERN = unaccented("Kính gửi Ông/Bà: hồ sơ {1} đã có kết quả.")
ZBS = Form("zalo", "100004", parameters={"ma": "code", "noi": "place"})


def found(
    wording: Wording = GOOD, key: TextKey = RESULT, rules: Rules | None = None, **changes: object
) -> list[Finding]:
    return lint(key, replace(wording, **changes), rules)  # type: ignore[arg-type]


def errors(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is Severity.ERROR]


def only(findings: list[Finding]) -> tuple[Severity, str, str]:
    (finding,) = findings
    return finding.severity, finding.place, finding.en


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("situation", EDITABLE)
def test_every_shipped_text_is_without_a_finding(language: str, situation: Situation) -> None:
    assert lint(TextKey(situation, language), shipped(language)[situation]) == []


def test_a_good_text_is_without_a_finding() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "place", "says"),
    [
        ({"sms": ""}, "sms", "is empty"),
        ({"chat": "   "}, "chat", "is empty"),
        ({"chat": "Kính gửi {{ code }}\n{{ code.x }}"}, "chat", "line 2: not allowed: an attribute after a dot"),
        ({"chat": GOOD.chat + "{{ sum }}"}, "chat", "there is no value “sum”"),
        ({"sms": GOOD.sms + "{% if holder %}x{% endif %}"}, "sms", "there is no value “holder”"),
        ({"required": ("code", "sum")}, "required", "there is no value “sum”"),
        ({"flexible": ("sum",)}, "required", "there is no value “sum”"),
        ({"sms": GOOD.sms + " {{ reason }}"}, "sms", "“reason” may be empty"),
        ({"sms": GOOD.sms + " https://x.example"}, "sms", "has a link “https:”"),
        ({"sms": GOOD.sms + " Xem DICHVUCONG.GOV.VN"}, "sms", "has a link “DICHVUCONG.GOV.VN”"),
        ({"sms": GOOD.sms + " www.tinh"}, "sms", "has a link “www.”"),
        ({"sms": GOOD.sms + " zalo.me/123"}, "sms", "has a link “zalo.me”"),
        ({"sms": GOOD.sms + " bit.ly/x"}, "sms", "has a link “bit.ly”"),
        ({"sms": GOOD.sms + " Mã OTP"}, "sms", "sounds like a code or fraud: “OTP”"),
        ({"sms": GOOD.sms + " mã xác thực"}, "sms", "sounds like a code or fraud: “ma xac thuc”"),
        ({"sms": GOOD.sms + " Xin chuyển khoản"}, "sms", "sounds like a code or fraud: “chuyen khoan”"),
        ({"sms_accented": GOOD.sms + " mật khẩu"}, "sms_accented", "sounds like a code or fraud: “mat khau”"),
        ({"sms": GOOD.sms + " Phí & lệ phí"}, "sms", "has a &"),
        ({"sms": GOOD.sms + " Quầy #3"}, "sms", "has a #"),
        ({"chat": GOOD.chat + "{% raw %}{{ code }}{% endraw %}"}, "chat", "has braces among its words"),
        ({"sms": GOOD.sms + " dài" * 80}, "sms", "takes more than 2 SMS parts"),
        ({"forms": (Form("sms", "7", "Ho so {1}{2}"),)}, "registered",
         "sms: two values stand side by side without a text between them"),
        ({"forms": (Form("sms", "7", "Ho so {1} da xong."),)}, "registered",
         "sms: the text differs from the registered template"),
        ({"forms": (replace(ZBS, parameters={"x": "sum"}),)}, "zbs", "x: there is no such value; there are"),
        ({"forms": (replace(ZBS, parameters={"x": "reason:date"}),)}, "zbs",
         "100004 x: Zalo refuses the ordinary value"),
    ],
)  # fmt: skip
def test_a_mistake_is_an_error_where_it_stands(changes: dict[str, object], place: str, says: str) -> None:
    rules = Rules(zalo=("zalo",))

    wrong = errors(found(rules=rules, **changes))

    assert [each.place for each in wrong] in ([place], [place, "sms_accented"])
    assert wrong[0].en.startswith(says)


@pytest.mark.parametrize(
    ("changes", "place", "says"),
    [
        ({"sms": GOOD.sms.replace("Kính gửi Ông/Bà", "Thông báo")}, "sms", "does not address the citizen politely"),
        ({"chat": GOOD.chat + " ba\u0300i"}, "chat", "is not NFC and will be made so"),
        ({"required": ("code", "fee"), "sms": GOOD.sms + " {{ fee }}"}, "chat", "“fee” is required but not shown"),
        ({"required": ()}, "required", "the shipped text does not go out without “code”"),
        ({"forms": (replace(ZBS, channel="zalo2"),)}, "zbs", "no such channel: zalo2"),
        ({"forms": (Form("vietel", "7", PATTERN),)}, "registered", "no such channel: vietel"),
        ({"forms": (replace(ZBS, parameters={"x": "code", "y": "status"}),)}, "zbs",
         "100004 y: Zalo refuses the longest value"),
        ({"chat": GOOD.chat + " dài" * 500}, "chat", "may exceed 2,000 characters"),
    ],
)  # fmt: skip
def test_what_may_be_meant_so_is_a_warning(changes: dict[str, object], place: str, says: str) -> None:
    rules = Rules(zalo=("zalo",), patterns={"viettel": {}})

    assert only(found(rules=rules, **changes)) == (Severity.WARNING, place, says)


def test_links_and_signs_may_stand_in_a_chat() -> None:
    assert found(chat=GOOD.chat + " Xem https://hoso.tinh.gov.vn & #1") == []


def test_numbers_and_times_are_no_links() -> None:
    assert found(sms=GOOD.sms + " 7:30-11:30, H56.14-240823, 1.250.000 d.Xin den") == []


def test_vietnamese_letters_in_english_words_are_noticed_and_those_of_other_languages_are_not() -> None:
    english = replace(GOOD, chat="Dear Sir or Madam, {{ code }} café", sms="Dear Sir/Madam: {{ code }}")
    key = replace(RESULT, language="en")

    assert only(found(english, key, chat=english.chat + " hồ sơ"))[2] == "Vietnamese letters in English words"
    assert found(english, key, chat="Dear Sir or Madam, {{ code }}") == []


def test_a_text_for_staff_has_other_values_and_needs_no_address() -> None:
    staff = Wording(chat="{{ code }} sắp đến hạn, {{ holder or 'không rõ' }}", sms="{{ code }}", required=("code",))
    key = TextKey(Situation.DUE_SOON, "vi")

    assert errors(found(staff, key)) == []
    assert found(staff, key, chat="{{ code }} {{ fee or '' }}")[0].en == "there is no value “fee”"


def test_the_longest_values_count_after_the_flexible_ones_have_given_way() -> None:
    long = GOOD.sms + " Nơi nhận: {% if place %}{{ place }}{% endif %}" + " mời đến nhận" * 12

    fixed = found(sms=long + "{% if reason %}{{ reason }}{% endif %}", flexible=())
    flexible = found(sms=long + "{% if reason %}{{ reason }}{% endif %}", flexible=("place", "reason"))

    assert [(each.severity, each.en) for each in fixed if each.place == "sms"] == [
        (
            Severity.ERROR,
            "takes more than 2 SMS parts at the longest values, even when the flexible ones are shortened",
        )
    ]
    assert [each for each in flexible if each.severity is Severity.ERROR and each.place == "sms"] == []


def test_a_branch_that_only_a_missing_value_opens_is_measured_too() -> None:
    hidden = GOOD.sms + "{% if not place %}" + " xin liên hệ nơi đã nộp hồ sơ" * 12 + "{% endif %}"

    assert [each.place for each in found(sms=hidden)] == ["sms", "sms_accented"]


def test_a_signature_must_stand_in_every_sms_to_a_citizen_and_in_none_to_staff() -> None:
    signed = Rules(signature="Một cửa")
    staff = Wording(chat="{{ code }}", sms="{{ code }}", required=("code",))

    assert only(found(rules=signed)) == (Severity.ERROR, "sms", "does not say “Một cửa”")
    assert found(rules=signed, sms=GOOD.sms + " MOT CUA".title().replace("Cua", "cua")) == []
    assert errors(found(staff, TextKey(Situation.OVERDUE, "vi"), rules=signed)) == []


@pytest.mark.parametrize(
    ("patterns", "forms", "fits"),
    [
        ({Situation.RESULT: PATTERN}, (), True),
        ({Situation.RESULT: "Ho so {1}."}, (), False),
        ({Situation.APOLOGY: "Ho so {1}."}, (), True),
        ({Situation.RESULT: "Ho so {1}."}, (Form("sms", "7", PATTERN),), True),
        ({Situation.RESULT: "Ho so {1}."}, (Form("other", "7", PATTERN),), False),
    ],
)
def test_a_text_is_compared_with_what_is_registered_its_own_first(
    patterns: dict[Situation, str], forms: tuple[Form, ...], fits: bool
) -> None:
    rules = Rules(patterns={"sms": patterns})

    assert (found(rules=rules, forms=forms) == []) is fits


def test_a_finer_situation_is_compared_with_what_is_registered_for_its_family() -> None:
    rules = Rules(patterns={"sms": {Situation.RESULT: "Ho so {1}."}})

    assert only(found(key=TextKey(Situation.RESULT_EARLY, "vi"), rules=rules))[1] == "registered"


def test_with_accents_the_registered_text_has_them_too() -> None:
    rules = Rules(accented=frozenset({Situation.RESULT}), patterns={"sms": {Situation.RESULT: PATTERN}})

    assert only(found(rules=rules))[1] == "registered"
    assert (
        found(rules=replace(rules, patterns={"sms": {Situation.RESULT: GOOD.sms.replace("{{ code }}", "{1}")}})) == []
    )


def test_there_is_a_sample_for_every_value() -> None:
    assert set(ORDINARY) == set(WORST) == {*CITIZEN_VALUES, *STAFF_VALUES}


def test_the_file_that_the_guide_shows_is_a_good_text() -> None:
    guide = Path("docs/mau-tin.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    file = DraftFile.of(block, "docs/mau-tin.md")

    assert file.key == RESULT
    assert lint(file.key, file.wording) == []


def test_the_guide_names_every_value() -> None:
    guide = Path("docs/mau-tin.md").read_text(encoding="utf-8")

    assert [name for name in {*CITIZEN_VALUES, *STAFF_VALUES} if f"`{name}`" not in guide] == []
