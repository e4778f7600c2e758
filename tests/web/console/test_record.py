"""The record's page: acts as sentences, filters, the chain verified, files; and a sentence for every act there is."""

import ast
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import python_calamine

from bot.model.audit import Entry
from bot.model.staff import Grant, Role
from bot.web.console.entry_words import sentence_of
from bot.web.console.show import load_words
from tests.web.console.rig import Rig


async def record(rig: Rig, *entries: Entry) -> None:
    await rig.storage.write(lambda tx: tx.audit.add(entries))


def entry(rig: Rig, what: str = "apology.approved", subject: str = "XL-7", **given: object) -> Entry:
    return Entry(**{"at": rig.clock(), "by": "lan", "what": what, "subject": subject, **given})  # type: ignore[arg-type]


async def test_an_act_is_a_sentence_with_the_name_and_what_it_changed(rig: Rig) -> None:
    auditor = await rig.staff(Role.AUDITOR)
    await rig.staff(Role.CLERK, login="lan", logged_in=False)
    await record(rig, entry(rig, before={"state": "draft", "days": 3}, after={"state": "approved", "days": 3}))

    await auditor.get("/nhat-ky")

    assert "Cán bộ lan đã duyệt thư xin lỗi XL-7." in auditor.words
    assert "Trạng thái: bản nháp → đã duyệt" in auditor.words
    assert "days" not in auditor.words


async def test_nobody_but_an_auditor_reads_it(rig: Rig) -> None:
    for role in (Role.VIEWER, Role.CLERK, Role.APPROVER, Role.ADMINISTRATOR):
        clerk = await rig.staff(role)
        await clerk.get("/nhat-ky")
        assert clerk.status == 403


async def test_an_auditor_of_an_agency_reads_of_it_alone(rig: Rig) -> None:
    await record(
        rig,
        entry(rig, agency="H32.10", subject="XL-1"),
        entry(rig, agency="H32.20", subject="XL-2"),
        entry(rig, subject="XL-3"),
    )
    auditor = await rig.staff(Grant(Role.AUDITOR, "H32.10"))

    await auditor.get("/nhat-ky")
    page = auditor.words
    await auditor.get("/nhat-ky?ve=XL-2")

    assert ("XL-1" in page, "XL-2" in page, "XL-3" in page) == (True, False, False)
    assert "Không có dòng nào khớp" in auditor.words


async def test_filters_become_an_address_of_codes_alone(rig: Rig) -> None:
    auditor = await rig.staff(Role.AUDITOR)
    await record(
        rig, entry(rig, "dossier.looked", "H32.10-261122-0001"), entry(rig, "dossier.looked", "H32.10-261122-0002")
    )
    await auditor.get("/nhat-ky")

    await auditor.post("/nhat-ky", nguoi="lan", viec="dossier.looked", ve="H32.10-261122-0001", tu="", den="")
    found, address = auditor.words, auditor.where

    assert "đã xem hồ sơ H32.10-261122-0001" in found
    assert "H32.10-261122-0002" not in found
    assert address == "/nhat-ky?nguoi=lan&viec=dossier.looked&ve=H32.10-261122-0001"


@pytest.mark.parametrize("typed", ["0912345678", "+84912345678", "Trần Văn Mai", "a b", "hồ-sơ"])
async def test_a_phone_or_a_name_comes_into_no_address(rig: Rig, typed: str) -> None:
    auditor = await rig.staff(Role.AUDITOR)
    await auditor.get("/nhat-ky")

    await auditor.post("/nhat-ky", ve=typed)

    assert auditor.status == 422
    assert auditor.where == "/nhat-ky"
    assert "không nhận số điện thoại hay họ tên" in auditor.words


async def test_days_are_days_in_vietnam_to_their_end(rig: Rig) -> None:
    auditor = await rig.staff(Role.AUDITOR)
    day = rig.clock() + timedelta(hours=7)
    await record(rig, entry(rig, subject="XL-2", at=rig.clock() - timedelta(days=2)), entry(rig, subject="XL-1"))

    await auditor.get(f"/nhat-ky?tu={day:%Y-%m-%d}&den={day:%Y-%m-%d}")
    today = auditor.words
    await auditor.get("/nhat-ky")
    await auditor.post("/nhat-ky", tu="hôm qua")

    assert ("XL-1" in today, "XL-2" in today) == (True, False)
    assert "Ngày chưa đúng" in auditor.words


async def test_the_chain_is_verified_and_that_is_recorded(rig: Rig) -> None:
    auditor = await rig.staff(Role.AUDITOR, login="kiem")
    await record(rig, entry(rig), entry(rig))
    await auditor.get("/nhat-ky")

    await auditor.post("/nhat-ky/kiem-chung")

    assert "Nhật ký nguyên vẹn: đã kiểm chứng 2 dòng" in auditor.words
    [noted] = await rig.recorded("record.verified")
    assert (noted.by, noted.after) == ("kiem", {"checked": 2, "whole": True})


async def test_a_broken_chain_is_told_with_number_and_time(rig: Rig, tmp_path: Path) -> None:
    import sqlite3

    auditor = await rig.staff(Role.AUDITOR)
    await record(rig, entry(rig), entry(rig, subject="XL-8"))
    await auditor.get("/nhat-ky")
    connection = sqlite3.connect(tmp_path / "motcua.db")
    connection.execute("UPDATE audit SET subject = 'XL-9' WHERE number = 2")
    connection.commit()
    connection.close()

    await auditor.post("/nhat-ky/kiem-chung")

    assert "Nhật ký không nguyên vẹn" in auditor.words
    assert "Dòng số 2 đã bị sửa" in auditor.words
    assert "Trước đó 1 dòng đúng" in auditor.words


async def test_pages_go_back_without_losing_an_entry(rig: Rig) -> None:
    auditor = await rig.staff(Role.AUDITOR)
    await record(rig, *(entry(rig, subject=f"XL-{number}") for number in range(1, 61)))

    await auditor.get("/nhat-ky")
    first = set(re.findall(r"XL-\d+", auditor.words))
    older = re.findall(r'href="/can-bo(/nhat-ky\?[^"]+)" rel="next"', auditor.page)[0]
    await auditor.get(older)
    second = set(re.findall(r"XL-\d+", auditor.words))

    assert (len(first), len(second), first & second) == (50, 10, set())


async def test_the_record_is_a_file_for_excel(rig: Rig) -> None:
    auditor = await rig.staff(Role.AUDITOR)
    await record(rig, entry(rig, subject="=XL"), entry(rig, by="hoa"))

    csv, headers = await auditor.bytes_of("/nhat-ky/tep/nhat-ky.csv?nguoi=lan")
    xlsx, _ = await auditor.bytes_of("/nhat-ky/tep/nhat-ky.xlsx")
    await auditor.get("/nhat-ky/tep/nhat-ky.exe")

    assert "'=XL" in csv.decode("utf-8-sig")
    assert headers["Content-Disposition"] == 'attachment; filename="nhat-ky.csv"'
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(xlsx)).get_sheet_by_index(0).to_python()
    assert len(rows) == 4  # the header, both, and that the first file was taken
    assert auditor.status == 404
    assert [each.after["entries"] for each in await rig.recorded("record.exported")] == [1, 3]


def acts_in_the_source() -> set[str]:
    """Every word that names an act: as a literal, or put together where broadcasts are acted on."""
    things = "|".join(sorted({each.partition(".")[0] for each in load_words("vi")["record"]["thing"]}))
    act = re.compile(rf"(?:{things})\.(?!html$|toml$|csv$|xlsx$|js$|css$|json$)[a-z_]+")
    found: set[str] = set()
    for path in Path("bot").rglob("*.py"):
        if "conversation" in path.parts:  # what the bot is asked has names of the same kind
            continue
        text = path.read_text(encoding="utf-8")
        literals = (each.value for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Constant))
        found |= {each for each in literals if isinstance(each, str) and act.fullmatch(each)}
        found |= {f"broadcast.{done}" for done in re.findall(r'\bacting\(\s*visit, "([a-z_]+)"', text)}
    return found - {"notification.state"}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_act_that_the_service_records_has_a_sentence_of_its_own(language: str) -> None:
    words = load_words(language)["record"]

    acts = acts_in_the_source()

    assert len(acts) >= 60
    assert sorted(acts - words["what"].keys()) == []


def test_both_languages_tell_the_same_acts() -> None:
    vi, en = load_words("vi")["record"], load_words("en")["record"]

    assert vi["what"].keys() == en["what"].keys()
    assert vi["thing"].keys() == en["thing"].keys()
    assert vi["field"].keys() == en["field"].keys()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_act_that_has_no_words_is_told_plainly(language: str, rig: Rig) -> None:
    words = load_words(language)["record"]

    said = sentence_of(words, entry(rig, "moon.landed", "H{x}", by="api:portal", way="api"), {})

    assert "moon.landed" in said
    assert "H{x}" in said
    assert "portal" in said
