"""The texts in force: the nearest agency's own, else those above, else what is shipped."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.model.message import Form, Situation
from bot.model.wording import TextKey, Version, Wording
from bot.ports import Storage
from bot.texts import Catalogue, Library, MissingValueError
from bot.texts.drafts import DraftFile, as_toml
from bot.texts.linting import Rules
from bot.texts.samples import ORDINARY
from storage import open_storage
from tests.support.making import START

FORM = Form("zalo", "100004", parameters={"ma": "code"})


def wording(word: str, **changes: object) -> Wording:
    body = f"Kính gửi Ông/Bà: {word} {{{{ code }}}}"
    return replace(Wording(chat=body, sms=body, required=("code",)), **changes)  # type: ignore[arg-type]


def version(agency: str, word: str, situation: Situation = Situation.RESULT, **changes: object) -> Version:
    key = TextKey(situation, "vi", agency)
    return Version(key=key, number=1, wording=wording(word, **changes), made_by="chi.lan", made_at=START)


def said(library: Library, agency: str, situation: Situation = Situation.RESULT, language: str = "vi") -> str:
    return library.catalogue(language, agency).render(f"push.{situation}", ORDINARY, plain=True).text


def test_without_anything_published_the_shipped_words_count() -> None:
    library = Library()

    assert library.catalogue("vi", "H56.14") is Catalogue.load("vi")
    assert library.forms(Situation.RESULT, "vi", "H56.14") == ()


def test_the_nearest_agency_above_that_has_a_text_speaks() -> None:
    library = Library()
    library.take_up([version("", "tat ca"), version("H56", "tinh"), version("H56.14.2", "xa")])

    words = {agency: said(library, agency).split(": ")[1].split(" H32")[0] for agency in
             ("", "H32", "H56", "H56.14", "H56.14.2", "H56.14.2.1", "H56.14.20")}  # fmt: skip

    assert words == {
        "": "tat ca",
        "H32": "tat ca",
        "H56": "tinh",
        "H56.14": "tinh",
        "H56.14.2": "xa",
        "H56.14.2.1": "xa",
        "H56.14.20": "tinh",
    }
    assert said(library, "H56", language="en") == said(Library(), "H56", language="en")


def test_an_agency_with_one_text_of_its_own_has_the_others_from_above() -> None:
    library = Library()
    library.take_up([version("", "hen lai", Situation.APPOINTMENT), version("H56.14", "xong")])

    assert "hen lai" in said(library, "H56.14", Situation.APPOINTMENT)
    assert "xong" in said(library, "H56.14")
    assert said(library, "H56.14", Situation.PROGRESS) == said(Library(), "", Situation.PROGRESS)


def test_forms_come_with_the_text_that_is_in_force_and_not_with_one_above_it() -> None:
    library = Library()
    library.take_up([version("", "tat ca", forms=(FORM,)), version("H56", "tinh")])

    assert library.forms(Situation.RESULT, "vi", "H32.10") == (FORM,)
    assert library.forms(Situation.RESULT, "vi", "H56.14") == ()
    assert library.forms(Situation.PROGRESS, "vi", "H32.10") == ()
    assert library.forms(Situation.RESULT, "en", "H32.10") == ()


@pytest.mark.parametrize("bad", ["{{ code.x }}", "{{ sum }}", "bit.ly/x"])
def test_a_published_text_that_has_become_wrong_is_left_out_and_named(
    bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library()

    with caplog.at_level(logging.ERROR):
        library.take_up([version("", bad), version("H56", "tinh")])

    assert said(library, "H32") == said(Library(), "")
    assert "tinh" in said(library, "H56")
    assert {record.getMessage().partition(" is not used")[0] for record in caplog.records} == {
        "text result · vi, version 1"
    }


def test_what_the_configuration_forbids_is_not_used_either() -> None:
    library = Library(Rules(signature="MOTCUA"))
    library.take_up([version("", "tat ca"), version("H56", "tinh MOTCUA")])

    assert said(library, "") == said(Library(), "")
    assert "MOTCUA" in said(library, "H56")


def test_a_value_that_a_push_shows_unguarded_and_that_is_empty_or_not_given_stops_it_by_name() -> None:
    library = Library()
    library.take_up([version("", "{{ place }} {{ fee or 'mien phi' }}", required=("code", "place"))])
    own = library.catalogue("vi").over({Situation.RESULT: wording("{{ reason }}")})

    with pytest.raises(MissingValueError) as empty:
        own.render("push.result", {"code": "H1", "reason": " . "}, plain=False)
    with pytest.raises(MissingValueError) as not_given:
        own.render("push.result", {"code": "H1"}, plain=True)

    assert (empty.value.name, not_given.value.name) == ("reason", "reason")
    assert "mien phi" in library.catalogue("vi").render("push.result", {"code": "H1", "place": "Q"}, plain=True).text


def test_an_own_text_for_sms_with_accents_is_used_where_accents_are_kept_and_nowhere_else() -> None:
    catalogue = Catalogue.load("vi").over({Situation.RESULT: wording("ngắn", sms_accented="Đủ dấu {{ code }}")})

    accented = catalogue.render("push.result", {"code": "H1"}, plain=True, accented=True).text
    plain = catalogue.render("push.result", {"code": "H1"}, plain=True).text

    assert (accented, plain) == ("Đủ dấu H1", "Kinh gui Ong/Ba: ngan H1")


async def test_a_publication_is_noticed_and_compiled_once(sqlite_storage: Storage) -> None:
    library = Library()
    key = TextKey(Situation.RESULT, "vi")
    before = await library.refresh(sqlite_storage)
    number = await sqlite_storage.write(lambda tx: tx.texts.draft(key, wording("moi"), by="x", at=START))
    of_draft = await library.refresh(sqlite_storage)
    await sqlite_storage.write(lambda tx: tx.texts.publish(key, number, by="x", at=START))

    noticed = [await library.refresh(sqlite_storage) for _ in range(2)]
    first, second = library.catalogue("vi", "H56.14"), library.catalogue("vi", "H32")
    await sqlite_storage.write(lambda tx: tx.texts.retire(key, by="x", at=START))
    await library.refresh(sqlite_storage)

    assert (before, of_draft, noticed) == (False, False, [True, False])
    assert first is second
    assert "moi" in first.render("push.result", ORDINARY, plain=True).text
    assert library.catalogue("vi") is Catalogue.load("vi")


async def test_the_watch_outlives_a_database_that_cannot_be_read_and_takes_up_what_is_published(
    caplog: pytest.LogCaptureFixture,
) -> None:
    library = Library()
    key = TextKey(Situation.RESULT, "vi")

    async with open_storage("sqlite::memory:") as storage:
        watch = asyncio.create_task(library.watch(storage, every=0.001))
        async with asyncio.timeout(20):
            while "texts could not be read" not in caplog.text:
                await asyncio.sleep(0.002)
            await storage.migrate()
            await storage.write(lambda tx: tx.texts.draft(key, wording("moi"), by="x", at=START))
            await storage.write(lambda tx: tx.texts.publish(key, 1, by="x", at=START))
            while "moi" not in said(library, ""):
                await asyncio.sleep(0.002)
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch

    assert watch.cancelled()


def test_a_file_says_exactly_what_was_exported() -> None:
    key = TextKey(Situation.RESULT, "vi", "H56.14")
    odd = Wording(
        chat='Dòng 1 "ngoặc" \\n \\\n\n"""ba"""\n\tcuối\\',
        sms="Một dòng",
        sms_accented="Có dấu\nhai dòng",
        required=("code",),
        flexible=("place", "agency"),
        forms=(FORM, Form("sms", "77", 'Ho so {1} "da" xong'), Form("e.sms", "", "Ho so {1}")),
    )

    read = DraftFile.of(as_toml(key, odd, "vì sao"), "x.toml")

    assert (read.key, read.wording, read.note) == (key, odd, "vì sao")
