"""The golden set: what is pushed is what was read through, fits its parts, and tells its reader what to do."""

import re
import unicodedata
from itertools import chain, combinations
from pathlib import Path

import pytest

from bot.conversation.understanding import understand
from bot.model.message import FOR_STAFF, Situation
from bot.model.wording import TextKey
from bot.ports import ConversationState
from bot.texts import Catalogue
from bot.texts.catalogue import shipped
from bot.texts.linting import has_errors, lint
from bot.texts.reading import read
from tests.golden.pages import COMMAND, pages
from tests.golden.rendering import LANGUAGES, MOST_PARTS, WAYS, everything, values_of

TEXTS = [(language, each) for language in LANGUAGES for each in everything(language)]
CITIZENS = [(language, each) for language, each in TEXTS if each.situation not in FOR_STAFF]
ABOUT_NO_DOSSIER = frozenset({Situation.DIGEST, Situation.TEST, Situation.NOTICE, Situation.ALARM})
"""Each message in a digest names its own code."""

NEXT_STEP = {
    "vi": r"(?i)\b(xin|mời|nhắn)\b (?!lỗi|chúc|chia|cảm)|chưa phải làm gì|cần nộp|Hẹn lại:|theo ngày hẹn này",
    "en": r"(?i)\bplease\b|nothing for you to do|New appointment:|\bReply\b|You may collect",
}
WITHOUT_NEXT_STEP = ABOUT_NO_DOSSIER | {Situation.PROGRESS}
"""Progress is told in any status, also to those who follow a dossier: what to do is not theirs."""


@pytest.mark.parametrize("path", pages(), ids=str)
def test_what_is_sent_is_what_was_read_through(path: Path) -> None:
    page = pages()[path]

    assert page.split("\n") == path.read_text(encoding="utf-8").split("\n"), f"{COMMAND} writes it anew; read the diff"


def test_every_situation_has_every_way_and_set_in_both_languages() -> None:
    expected = {situation for situation in Situation if situation not in {"reply", "answer", "code", "broadcast"}}

    for language in LANGUAGES:
        texts = [each for written_in, each in TEXTS if written_in == language]
        assert {each.situation for each in texts} == expected
        assert len(texts) == len(expected) * len(WAYS) * 3


@pytest.mark.parametrize("way", ["sms", "sms_accented"])
def test_no_sms_is_cut_or_over_its_parts(way: str) -> None:
    over = [
        (language, each.situation, each.values, each.parts)
        for language, each in TEXTS
        if each.way == way and (each.is_cut or each.parts > MOST_PARTS[way])
    ]

    assert over == []


@pytest.mark.parametrize("way", ["sms", "sms_accented"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_known_or_not_nothing_is_cut_or_shown_empty(language: str, way: str) -> None:
    catalogue = Catalogue.load(language)

    for situation, wording in shipped(language).items():
        optional = sorted(read(wording.sms).names - set(wording.required) - {"code"})
        worst = values_of("worst", language, situation)
        for missing in chain(*(combinations(optional, number) for number in (0, 1, 2, len(optional)))):
            values = worst | dict.fromkeys(missing, "")
            rendered = catalogue.render(f"push.{situation}", values, plain=True, accented=way == "sms_accented")
            assert not rendered.is_cut, (situation, missing)
            assert not re.search(r"\(\)|  | [.,;:]|\.\. |,,|: ?\.|None", rendered.text.replace("...", "")), (
                rendered.text
            )


def test_every_text_is_composed_without_links_or_signs_that_carriers_stop() -> None:
    decomposed = [each.text for _, each in TEXTS if not unicodedata.is_normalized("NFC", each.text)]
    stopped = [each.text for _, each in TEXTS if re.search(r"[{}#&]|https?:|www\.", each.text)]

    assert decomposed == stopped == []


def test_an_sms_without_accents_is_in_the_cheap_alphabet() -> None:
    dear = [each.text for _, each in TEXTS if each.way == "sms" and each.encoding != "GSM-7"]

    assert dear == []
    assert all(each.text.isascii() for _, each in TEXTS if each.way == "sms")


def test_sms_with_and_without_accents_say_the_same() -> None:
    catalogue = Catalogue.load("vi")

    for situation in shipped("vi"):
        values = values_of("ordinary", "vi", situation)
        texts = [catalogue.render(f"push.{situation}", values, plain=True, accented=it).text for it in (False, True)]
        assert len(texts[0]) == len(texts[1])


@pytest.mark.parametrize(("language", "address"), [("vi", "Ông/Bà|Ong/Ba"), ("en", "Dear Sir|apologises")])
def test_citizens_are_addressed_politely(language: str, address: str) -> None:
    texts = [each for written_in, each in CITIZENS if written_in == language and each.situation != Situation.TEST]

    assert [each.text for each in texts if not re.search(address, each.text)] == []


def test_every_sms_about_a_dossier_names_its_code_whole() -> None:
    missing = [
        (language, each.situation, each.values)
        for language, each in TEXTS
        if each.situation not in ABOUT_NO_DOSSIER
        and each.values != "list"
        and values_of(each.values if each.values == "worst" else "ordinary", language, each.situation)["code"]
        not in each.text
    ]

    assert missing == []


def test_every_text_says_what_to_do_next() -> None:
    accented = [(language, each) for language, each in TEXTS if each.way != "sms"]

    silent = [
        (language, each.situation, each.way, each.values)
        for language, each in accented
        if each.situation not in WITHOUT_NEXT_STEP and not re.search(NEXT_STEP[language], each.text)
    ]

    assert silent == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_shipped_text_has_anything_the_linter_minds(language: str) -> None:
    found = [
        finding
        for situation, wording in shipped(language).items()
        for finding in lint(TextKey(situation, language), wording)
    ]

    assert not has_errors(found)
    assert [str(finding) for finding in found] == []


def test_dates_codes_and_sums_are_never_shortened() -> None:
    never = {
        "code",
        "appointment",
        "old_appointment",
        "new_appointment",
        "supplement_until",
        "fee",
        "tracking",
        "status",
    }

    assert [situation for situation, wording in shipped("vi").items() if never & set(wording.flexible)] == []
    assert [each.situation for _, each in TEXTS if never & each.shortened] == []


def test_what_we_sent_and_a_citizen_forwards_is_a_question_about_that_dossier() -> None:
    about_one = [each for _, each in CITIZENS if each.situation not in ABOUT_NO_DOSSIER and each.values == "ordinary"]

    understood = {(each.situation, each.way): understand(each.text, ConversationState()) for each in about_one}

    assert {about for about, found in understood.items() if found.name != "lookup"} == set()
    assert all([each.code for each in found.codes] == ["H32.15.02-261122-0001"] for found in understood.values())


def test_most_notices_to_citizens_are_one_sms() -> None:
    ordinary = [each for language, each in CITIZENS if language == "vi" and each.values == "ordinary"]

    assert sum(each.parts == 1 for each in ordinary if each.way == "sms") >= 19
