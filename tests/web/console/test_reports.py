"""The report pages: what they show, to whom, and that nothing in a file is a formula."""

import io
import re
import zipfile
from datetime import date, timedelta

import pytest
from playwright.async_api import async_playwright
from python_calamine import CalamineWorkbook

from bot.model.dossier import Status
from bot.model.report import day_of
from bot.model.staff import Grant, Role
from bot.ports import Mirrored
from bot.report_plan import report_watch_for
from tests.contract.test_storage_reports import watch_over
from tests.support.books import Books, counted_by_hand, written
from tests.support.making import START, dossier
from tests.web.axe import grave_violations
from tests.web.console.rig import Rig

QUARTER = {date(2026, 10, 1) + timedelta(days=n) for n in range(31 + 22)}
"""Until the day on which the province of these tests ends."""


@pytest.fixture
async def books(rig: Rig) -> Books:
    """Three weeks of a small province, counted; the console's clock stands at their end."""
    books = await written(rig.storage)
    await watch_over(rig.storage, books).look()
    rig.clock.moved += books.clock() - rig.clock()
    return books


async def test_the_quarter_shows_what_was_counted(rig: Rig, books: Books) -> None:
    clerk = await rig.staff(Role.VIEWER)
    by_hand = await counted_by_hand(rig.storage, books)
    received = sum(n for cell, n in by_hand.items() if cell[3] == "received" and cell[0] in QUARTER)

    await clerk.get("/bao-cao?ky=2026-Q4")

    assert f"{received} hồ sơ tiếp nhận" in clerk.words
    assert "Trong quý IV năm 2026 (tính đến" in clerk.words
    assert "Số liệu tính đến" in clerk.words
    assert "Sở, ban, ngành" in clerk.words
    assert "Cấp xã" in clerk.words
    assert clerk.page.count("<svg") == 2
    assert len(re.findall(r"<title id=[^>]+>[^<]+</title><desc id=[^>]+>[^<]+</desc>", clerk.page)) == 2
    assert not re.search(r'\sstyle="|<script(?![^>]*src)', clerk.page)


async def test_a_quarter_without_anything_says_what_to_do(rig: Rig) -> None:
    clerk = await rig.staff(Role.VIEWER)

    await clerk.get("/bao-cao?ky=2020-Q1")
    file, _ = await clerk.bytes_of("/bao-cao/tai?ky=2020-Q1")

    assert "Xin chọn kỳ khác" in clerk.words
    assert clerk.status == 200
    assert CalamineWorkbook.from_filelike(io.BytesIO(file)).sheet_names[0] == "Tóm tắt"


async def test_where_no_day_has_been_counted_yet_no_figure_is_claimed(rig: Rig) -> None:
    now = rig.clock()
    one = dossier(1, agency="H32.15", status=Status.PROCESSING, received_at=now, appointment_at=now)
    await rig.storage.write(lambda tx: tx.dossiers.save([Mirrored.of(one, 1)], at=now))
    clerk = await rig.staff(Role.VIEWER)

    await clerk.get(f"/bao-cao?ky={day_of(now):%Y-%m}")

    assert "Chưa có ngày nào trong kỳ này được tính số liệu" in clerk.words
    assert "hồ sơ tiếp nhận" not in clerk.words
    assert "không tiếp nhận" not in clerk.words


async def test_a_commune_sees_its_own_figures_and_no_other(rig: Rig, books: Books) -> None:
    by_hand = await counted_by_hand(rig.storage, books)
    clerk = await rig.staff(Grant(Role.VIEWER, "H32.21"))
    mine = sum(
        n
        for cell, n in by_hand.items()
        if cell[3] == "received" and cell[1].startswith("H32.21") and cell[0] in QUARTER
    )
    others = {cell[1] for cell in by_hand if cell[1].startswith("H32.22")}

    await clerk.get("/bao-cao?ky=2026-Q4")
    assert f"{mine} hồ sơ tiếp nhận" in clerk.words
    assert "lượt tra cứu" not in clerk.words
    assert not any(f"({code})" in clerk.words for code in others)

    for path in ("/bao-cao", "/bao-cao/tai", "/bao-cao/tre-han", "/bao-cao/qua-han", "/bao-cao/cham-cap-nhat"):
        await clerk.get(f"{path}?ky=2026-Q4&co-quan=H32.22")
        assert clerk.status == 404
    for path in ("/bao-cao/tre-han", "/bao-cao/qua-han", "/bao-cao/cham-cap-nhat"):
        page = await clerk.get(f"{path}?ky=2026-Q4")
        assert not re.search(r">H32\.(?!21)", page)


async def test_the_file_has_numbers_as_numbers_and_a_sheet_a_table(rig: Rig, books: Books) -> None:
    clerk = await rig.staff(Role.VIEWER, login="lan")
    by_hand = await counted_by_hand(rig.storage, books)

    content, headers = await clerk.bytes_of("/bao-cao/tai?ky=2026-Q4")

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names[:3] == ["Tóm tắt", "Theo cấp", "Theo cơ quan"]
    rows = book.get_sheet_by_name("Theo cơ quan").to_python()
    column = rows[0].index("tiếp nhận")
    expected = sum(n for cell, n in by_hand.items() if cell[3] == "received" and cell[0] in QUARTER)
    assert sum(row[column] for row in rows[1:]) == expected  # type: ignore[misc]
    assert headers["Content-Disposition"] == 'attachment; filename="bao-cao-2026-Q4.xlsx"'
    assert [(each.what, each.subject) for each in await rig.recorded("report.downloaded")] == [
        ("report.downloaded", "2026-Q4")
    ]


async def test_a_name_that_looks_like_a_formula_stays_text_in_every_file(rig: Rig) -> None:
    evil = dossier(
        1, agency="H32.15", agency_name='=HYPERLINK("http://x")', procedure="1.1", procedure_name="@SUM(A1)",
        status=Status.PROCESSING, received_at=rig.clock(), appointment_at=rig.clock(),
    )  # fmt: skip
    await rig.storage.write(lambda tx: tx.dossiers.save([Mirrored.of(evil, 1)], at=START))
    await report_watch_for(rig.app.plan, rig.storage, clock=rig.clock).rebuild([day_of(rig.clock())])
    clerk = await rig.staff(Role.VIEWER)
    month = f"{day_of(rig.clock()):%Y-%m}"

    csv, _ = await clerk.bytes_of(f"/bao-cao/tai?ky={month}&dang=csv")
    xlsx, _ = await clerk.bytes_of(f"/bao-cao/tai?ky={month}")
    page = await clerk.get(f"/bao-cao?ky={month}")

    assert ";\"'=HYPERLINK" in csv.decode("utf-8-sig")
    parts = zipfile.ZipFile(io.BytesIO(xlsx))
    assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets" in name)
    assert "=HYPERLINK(&#34;" in page


async def test_late_dossiers_are_listed_with_who_has_them_and_their_apology(rig: Rig, books: Books) -> None:
    clerk = await rig.staff(Role.VIEWER)

    await clerk.get("/bao-cao/tre-han?ky=2026-Q4")
    seen = set(re.findall(r">(H32[^<]+)</a>", clerk.page))
    while more := re.search(r'rel="next" href="/can-bo([^"]+)"', clerk.page):
        await clerk.get(more[1].replace("&amp;", "&"))
        page = set(re.findall(r">(H32[^<]+)</a>", clerk.page))
        assert page
        assert not page & seen
        seen |= page

    by_hand = await counted_by_hand(rig.storage, books)
    assert len(seen) == sum(n for cell, n in by_hand.items() if cell[3] == "late" and cell[0] in QUARTER)


async def test_addresses_that_mean_nothing_are_refused(rig: Rig) -> None:
    clerk = await rig.staff(Role.VIEWER)

    for query in ("ky=2026-Q9", "ky=gestern", "ky=9999-99", "tu=2026-13-01&den=x", "ky=0000-Q1"):
        await clerk.get(f"/bao-cao?{query}")
        assert clerk.status == 400
    await clerk.get("/bao-cao/tre-han?sau=nirgends")
    assert clerk.status == 404


async def test_the_page_speaks_english_too(rig: Rig, books: Books) -> None:
    clerk = await rig.staff(Role.VIEWER)

    await clerk.get("/ngon-ngu?sang=en&ve=/can-bo/bao-cao")

    assert "dossiers received" in clerk.words
    assert "Departments" in clerk.words


@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_nothing_serious_and_nothing_is_cut_off(
    rig: Rig, books: Books, chromium: str, axe: str, width: int
) -> None:
    clerk = await rig.staff(Role.VIEWER)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium.replace("ws://", "http://").split("/devtools")[0])
        context = await browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
        cookie = {"name": rig.console.cookie("staff"), "value": clerk.cookie, "url": rig.url}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        found, beyond = {}, {}

        for path in ("/bao-cao", "/bao-cao/tre-han", "/bao-cao/qua-han", "/bao-cao/cham-cap-nhat"):
            await page.goto(f"{rig.url}/can-bo{path}?ky=2026-Q4")
            found[path] = await grave_violations(page, axe)
            beyond[path] = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await context.close()

    assert not any(found.values()), found
    assert not any(beyond.values()), beyond
