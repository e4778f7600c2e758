"""The apology as a document: what it says, what cannot get into it, its PDF, and its way out with a message."""

import asyncio
import os
import time
import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import docx
import pytest

from adapters.channels import email
from bot import receipts
from bot.config import ConversationSettings, LookupSettings, OutboxSettings
from bot.deadline_settings import ApologySettings
from bot.documents import NAMES, TemplateError, check_template, our_template, render
from bot.documents.fields import specimen, values_of
from bot.documents.pdf import as_pdf, libreoffice
from bot.documents.rendering import DOCX, PDF
from bot.enclosures import enclosed
from bot.guess_watch import GuessWatch
from bot.model.message import DeliveryState, File, Retry
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Limits, Storage
from storage import open_storage
from tests.adapters.email.support import running, settings_for
from tests.support.desk import open_desk
from tests.support.making import Time, message, numbered_ids

LETTERHEADS = {"H32": {"parent": "Ủy ban nhân dân tỉnh Khánh Hòa", "locality": "Khánh Hòa", "position": "Chủ tịch"}}
FIELDS = replace(specimen(), agency_code="H32.15")
STAND_IN = """#!/bin/sh
# Speaks as soffice does: soffice -env:UserInstallation=file:///… --headless --norestore --convert-to pdf --outdir D F
echo "begun" >> "{log}"
for word in "$@"; do
    case "$word" in -env:UserInstallation=file://*) profile="${{word#-env:UserInstallation=file://}}";; esac
    [ "$before" = "--outdir" ] && folder="$word"
    before="$word"
done
mkdir -p "$profile" || exit 77
env > "{log}.env"
{body}
echo "ended" >> "{log}"
"""
CONVERTS = 'printf "%%PDF-1.7\\n" > "$folder/$(basename "$before" .docx).pdf"'


def settings(**changes: object) -> ApologySettings:
    return ApologySettings.model_validate({"agencies": LETTERHEADS, "pdf": False, **changes})


def text_of(file: File) -> str:
    """All that a reader sees, in order."""
    document = docx.Document(BytesIO(file.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*cells, *(paragraph.text for paragraph in document.paragraphs)])


@pytest.fixture
def soffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that stands where LibreOffice would, and its log."""
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MOTCUA_SMPP_PASSWORD", "k3y-0f-th3-0ff1ce")
    write(folder, log, CONVERTS)
    return log


def write(folder: Path, log: Path, body: str) -> None:
    program = folder / "soffice"
    program.write_text(STAND_IN.format(log=log, body=body), encoding="utf-8")
    program.chmod(0o755)


# What it says


async def test_the_document_says_all_that_form_04_asks_for() -> None:
    [file] = await render(FIELDS, settings(), new_id=numbered_ids())

    said = text_of(file)
    assert (file.name, file.media_type, file.id) == ("xin-loi-H32.15-260220-0007.docx", DOCX, f"{1:026}")
    for expected in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "ỦY BAN NHÂN DÂN TỈNH KHÁNH HÒA",
        "ỦY BAN NHÂN DÂN PHƯỜNG VĨNH HẢI",
        "Số: 12/PXL",
        "Khánh Hòa, ngày 02 tháng 3 năm 2026",
        "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",
        "Kính gửi: Ông/Bà Nguyễn Thị Ánh",
        "Thủ tục hành chính: Cấp giấy phép xây dựng mới",
        "Mã hồ sơ: H32.15-260220-0007",
        "Ngày tiếp nhận: 20/02/2026",
        "Thời gian hẹn trả kết quả: 16 giờ 30, ngày 04/03/2026",
        "Đơn vị giải quyết chậm: Phòng Kinh tế, Hạ tầng và Đô thị",
        "Lý do: cần thêm thời gian xác minh, đối chiếu thông tin",
        "Thời gian hẹn trả kết quả mới: 16 giờ 30, ngày 09/03/2026",
        "Nơi trả kết quả: Bộ phận Một cửa phường Vĩnh Hải",
        "CHỦ TỊCH",
        "Trần Văn Bình",
        "Nơi nhận:",
    ):
        assert expected in said


async def test_what_is_not_known_is_left_blank_for_a_pen_or_left_out() -> None:
    bare = replace(FIELDS, agency_code="", number="", dated=None, late_unit="", place="", received_at=None)

    [file] = await render(bare, settings())

    said = text_of(file)
    assert "Số: …" in said
    assert "…………, ngày …… tháng …… năm ………" in said
    for label in ("Đơn vị giải quyết chậm", "Nơi trả kết quả", "Ngày tiếp nhận", "{%", "{{", "None"):
        assert label not in said


@pytest.mark.parametrize(
    ("day", "written"), [(date(2026, 1, 9), "ngày 09 tháng 01 năm 2026"), (date(2026, 12, 31), "ngày 31 tháng 12 năm")]
)
def test_small_numbers_of_a_date_have_a_zero_before_which_nothing_can_be_written(day: date, written: str) -> None:
    assert written in values_of(replace(FIELDS, dated=day), settings())["dated"]


async def test_the_letterhead_of_the_nearest_agency_above_counts() -> None:
    heads = {**LETTERHEADS, "H32.15": {"locality": "Vĩnh Hải"}}

    own = values_of(FIELDS, settings(agencies=heads))
    above = values_of(replace(FIELDS, agency_code="H32.15.4"), settings(agencies=heads))
    other = values_of(replace(FIELDS, agency_code="H320"), settings(agencies=heads))

    assert own["dated"].startswith("Vĩnh Hải, ")
    assert above["dated"].startswith("Vĩnh Hải, ")
    assert (other["dated"][:1], other["parent"]) == ("…", "")


async def test_nothing_that_stands_in_a_dossier_becomes_markup_or_a_template() -> None:
    nasty = '<w:p/> & "x" {{ code }} {% raw %} {_{ }_} \x00\x0b\u2028 Nguyễn\r\nThị ]]> \ud800'

    [file] = await render(replace(FIELDS, applicant=nasty, reason=nasty), settings())

    said = text_of(file)
    assert 'Kính gửi: Ông/Bà <w:p/> & "x" {{ code }} {% raw %}' in said
    assert "Nguyễn Thị ]]>" in said
    assert zipfile.ZipFile(BytesIO(file.content)).testzip() is None


async def test_the_files_name_tells_nothing_of_the_matter_and_is_a_name_everywhere() -> None:
    shameful = replace(FIELDS, procedure="Ly hôn", code='../H32/15 "x"')

    [file] = await render(shameful, settings())

    assert file.name == "xin-loi-H32-15-x.docx"


# Templates of one's own


def own(tmp_path: Path, *lines: str) -> ApologySettings:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    path = tmp_path / "mau.docx"
    document.save(str(path))
    return settings(template=str(path))


ALL_REQUIRED = "{{ applicant }} {{ code }} {{ old_appointment }} {{ reason }} {{ appointment }}"


async def test_an_offices_own_template_is_filled_in(tmp_path: Path) -> None:
    given = own(tmp_path, ALL_REQUIRED, "{%p if late_unit %}", "Do {{ late_unit|upper }}", "{%p endif %}")
    check_template(given)

    [file] = await render(FIELDS, given)

    assert "Nguyễn Thị Ánh H32.15-260220-0007 16 giờ 30, ngày 04/03/2026" in text_of(file)
    assert "Do PHÒNG KINH TẾ, HẠ TẦNG VÀ ĐÔ THỊ" in text_of(file)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("{{ applicant }} {{ code }} {{ reason }}",), "lacks the field old_appointment, appointment"),
        ((ALL_REQUIRED, "{{ ho_ten }} {{ phone }}"), "there is no field ho_ten, phone"),
        ((ALL_REQUIRED, "{% if code %}"), "is written wrongly"),
        ((ALL_REQUIRED, "{{ code|attr('__class__') }}"), "is written wrongly"),
        ((ALL_REQUIRED, "{{ code.__class__.__mro__ }}"), "is written wrongly"),
        ((ALL_REQUIRED, "{% for x in range(9) %}{{ x }}{% endfor %}"), "For is not allowed"),
    ],
)
def test_a_template_that_cannot_work_is_named_with_what_is_wrong(
    lines: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(TemplateError, match=words) as refused:
        check_template(own(tmp_path, *lines))

    assert str(tmp_path / "mau.docx") in str(refused.value)


def test_a_template_that_is_no_docx_or_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_bytes(b"PK\x03\x04 not a package")
    with pytest.raises(TemplateError, match="is no DOCX file"):
        check_template(settings(template=str(tmp_path / "x.docx")))
    with pytest.raises(TemplateError, match="cannot be read"):
        check_template(settings(template=str(tmp_path / "none.docx")))


def test_our_own_template_passes_the_same_check_and_names_every_field_but_the_forms_plain_name(tmp_path: Path) -> None:
    path = tmp_path / "ours.docx"
    path.write_bytes(our_template())

    check_template(settings(template=str(path)))

    with zipfile.ZipFile(path) as package:
        written = package.read("word/document.xml").decode()
    assert [name for name in NAMES if f"{{{{ {name} }}}}" not in written] == ["form"]
    assert all(values_of(FIELDS, settings())[name] for name in NAMES)


async def test_a_template_that_was_edited_is_looked_at_afresh(tmp_path: Path) -> None:
    check_template(own(tmp_path, ALL_REQUIRED))
    broken = own(tmp_path, "{{ code }}")
    os.utime(broken.template, (1, 1))

    with pytest.raises(TemplateError, match="lacks the field"):
        await render(FIELDS, broken)


# PDF


async def test_where_libreoffice_is_installed_the_document_becomes_a_pdf(soffice: Path) -> None:
    [file] = await render(FIELDS, settings(pdf=True))

    assert (file.name, file.media_type) == ("xin-loi-H32.15-260220-0007.pdf", PDF)
    assert file.content.startswith(b"%PDF-")
    assert "MOTCUA_SMPP_PASSWORD" not in Path(f"{soffice}.env").read_text()


async def test_without_libreoffice_or_with_pdf_off_it_stays_a_docx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soffice: Path
) -> None:
    [switched_off] = await render(FIELDS, settings(pdf=False))
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    [missing] = await render(FIELDS, settings(pdf=True))

    assert [switched_off.media_type, missing.media_type] == [DOCX, DOCX]
    assert not soffice.exists()


@pytest.mark.parametrize("body", ["exit 1", 'echo "not a pdf" > "$folder/document.pdf"', "kill -9 $$"])
async def test_a_conversion_that_fails_leaves_the_docx_and_a_word_in_the_log(
    body: str, soffice: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "bin", soffice, body)

    [file] = await render(FIELDS, settings(pdf=True))

    assert file.media_type == DOCX
    assert "no PDF: LibreOffice ended with status" in caplog.text
    assert "Nguyễn" not in caplog.text


async def test_a_conversion_that_hangs_is_ended_with_all_that_it_started(soffice: Path, tmp_path: Path) -> None:
    write(tmp_path / "bin", soffice, f'sleep 60 & echo $! > "{soffice}.child"; wait')
    started = time.monotonic()

    pdf = await as_pdf(b"PK", patience=0.5)

    child = int(Path(f"{soffice}.child").read_text())
    assert pdf == b""
    assert time.monotonic() - started < 30
    for _ in range(100):
        if not alive(child):
            break
        await asyncio.sleep(0.01)
    assert not alive(child)


async def test_conversions_go_one_at_a_time_and_the_loop_goes_on_meanwhile(soffice: Path, tmp_path: Path) -> None:
    write(tmp_path / "bin", soffice, f"sleep 0.1; {CONVERTS}")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    counting = asyncio.create_task(count())
    made = await asyncio.gather(*(as_pdf(b"PK") for _ in range(3)))
    counting.cancel()

    assert [pdf[:5] for pdf in made] == [b"%PDF-"] * 3
    assert soffice.read_text().split() == ["begun", "ended"] * 3
    assert turns > 5


async def test_a_real_libreoffice_makes_a_real_pdf() -> None:
    if not libreoffice():
        pytest.skip("LibreOffice is not installed (Debian: apt install libreoffice-writer-nogui), so no PDF was made")

    [file] = await render(FIELDS, settings(pdf=True))

    assert file.content.startswith(b"%PDF-")
    assert len(file.content) > 5_000


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# On its way


async def test_a_rendered_apology_goes_out_with_its_message_from_the_database(sqlite_storage: Storage) -> None:
    files = await render(FIELDS, settings())
    light = tuple(replace(each, content=b"") for each in files)
    written = message(channel="email", address=Address("email", "anh@khanhhoa.test"), text="Kính gửi", files=light)
    clock = lambda: written.created_at  # noqa: E731
    await sqlite_storage.write(lambda tx: tx.documents.put(files, at=clock()))
    await sqlite_storage.write(lambda tx: tx.outbox.enqueue([written]))

    async with running() as mail, email.open("email", settings_for(mail.port)) as channel:
        outbox = Outbox(
            channel,
            sqlite_storage,
            owner="test",
            clock=clock,
            record_receipts=receipts.record_in,
            timing=OutboxSettings(),
        )
        running_outbox = asyncio.create_task(outbox.run())
        letter = await mail.letter("anh@khanhhoa.test")
        outbox.stop()
        await running_outbox
        attached = await mail.file(letter, 0)

    stored = await sqlite_storage.read(lambda tx: tx.outbox.get(written.id))
    assert stored is not None
    assert stored.state is DeliveryState.ACCEPTED
    assert [each["name"] for each in letter["files"]] == [files[0].name]
    assert attached == files[0].content


async def test_a_channel_without_files_and_a_message_without_any_cost_no_look_at_the_database(
    sqlite_storage: Storage,
) -> None:
    file = File("1", "x.pdf", PDF)
    with_file, without = message(files=(file,)), message()
    carries, carries_none = Limits(0, 0, 1, files=True), Limits(0, 0, 1)
    await sqlite_storage.write(lambda tx: tx.documents.put([replace(file, content=b"%PDF-")], at=with_file.created_at))

    assert await enclosed(with_file, carries_none, sqlite_storage) is with_file
    assert await enclosed(without, carries, sqlite_storage) is without
    brought = await enclosed(with_file, carries, sqlite_storage)
    assert not isinstance(brought, Retry)
    assert brought.files[0].content == b"%PDF-"


async def test_documents_that_are_gone_leave_the_message_and_a_database_that_is_away_leaves_it_for_later() -> None:
    lost = message(files=(File("gone", "x.pdf", PDF),))
    carries = Limits(0, 0, 1, files=True)

    async with open_storage("sqlite::memory:") as storage:
        await storage.migrate()
        brought = await enclosed(lost, carries, storage)
    later = await enclosed(lost, carries, storage)

    assert brought == lost
    assert later == Retry("its documents could not be read: StorageError")


async def test_documents_are_forgotten_in_time_by_the_hourly_tidying(sqlite_storage: Storage) -> None:
    time_of = Time()
    watch = GuessWatch(sqlite_storage, LookupSettings(), ConversationSettings(), clock=time_of, documents_days=30)
    await sqlite_storage.write(lambda tx: tx.documents.put([File("1", "x.pdf", PDF, b"%PDF-")], at=time_of()))

    time_of.pass_(days=30)
    await watch.tidy()
    after_30_days = await sqlite_storage.read(lambda tx: tx.documents.get(["1"]))
    time_of.pass_(hours=2)
    await watch.tidy()

    assert len(after_30_days) == 1
    assert await sqlite_storage.read(lambda tx: tx.documents.get(["1"])) == []


def test_a_check_tries_the_offices_own_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = own(tmp_path, "{{ ho_ten }}")
    desk = open_desk(tmp_path, capsys, monkeypatch)
    desk.configure(f'[apologies]\ntemplate = "{given.template}"\n')

    done = desk.types("check")

    assert "không có trường / there is no field ho_ten" in done.out + done.err


def test_our_template_is_written_out_for_an_office_to_change_and_never_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(tmp_path, capsys, monkeypatch)

    said = desk.said("template", "mau.docx")

    assert (tmp_path / "mau.docx").read_bytes() == our_template()
    assert all(f"{{{{ {name} }}}}" in said for name in NAMES)
    assert "is there already" in desk.refused("template", "mau.docx")
