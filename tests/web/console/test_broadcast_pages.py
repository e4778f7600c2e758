"""The pages of broadcasts: from a name to the last message, by real people at the real console."""

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from python_calamine import load_workbook

from bot.broadcast_watch import BroadcastWatch
from bot.broadcasting import handing_out_for
from bot.model.broadcast import BroadcastState
from bot.model.clock import VIETNAM, utc_now
from bot.model.staff import Grant, Role
from bot.ports import Storage
from bot.web.console import broadcast_list
from tests.unit.lists import HEADER, LAN, csv_of, xlsx_of, zip_of
from tests.web.console.broadcasting import Sending, begun, open_sending, ready, revision, submitted, upload

APPROVAL = {"approve_people": 2, "approve_cost": 10_000_000, "canary": 2}


def people(number: int, *, first: int = 0) -> bytes:
    """A list that is right."""
    rows = [(f"Bà Lan {each}", f"09{each:08d}", "Phường Nha Trang") for each in range(first, first + number)]
    return csv_of(HEADER, *rows)


@pytest.fixture
async def sending(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Sending]:
    async with open_sending(sqlite_storage, tmp_path, broadcasts=APPROVAL) as opened:
        yield opened


async def test_an_empty_list_says_what_to_do(sending: Sending) -> None:
    clerk, viewer = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.VIEWER)

    await clerk.get("/phat-tin")
    await viewer.get("/phat-tin")

    assert "Chưa có đợt phát tin nào" in clerk.words
    assert "Soạn đợt phát tin mới" in clerk.page
    assert 'href="/can-bo/phat-tin/moi"' not in viewer.page


async def test_the_file_page_shows_the_columns_of_this_text(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)

    await clerk.get(f"/phat-tin/{broadcast_id}/danh-sach")
    words = clerk.words
    content, headers = await clerk.bytes_of(f"/phat-tin/{broadcast_id}/tep-mau?dang=csv")

    assert "A B C D 1 Số điện thoại phải có Mã hồ sơ không bắt buộc ho_ten phải có dia_diem phải có" in words
    assert content.decode("utf-8-sig").splitlines()[0] == "Số điện thoại;Mã hồ sơ;ho_ten;dia_diem"
    assert headers["Content-Disposition"] == 'attachment; filename="danh-sach-mau.csv"'


async def test_wrong_rows_are_shown_with_their_numbers_and_nothing_is_kept(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)
    rows = [LAN, ("", "0987654321", "A"), ("Hoa", "12345", "A"), ("=1+1", "<b>12", "A")]

    await upload(clerk, broadcast_id, csv_of(HEADER, *rows))

    assert clerk.status == 422
    assert "Cần sửa: 3 dòng" in clerk.words
    assert "Điền chỗ còn trống ở 1 dòng" in clerk.words
    assert "Sửa số điện thoại ở 2 dòng" in clerk.words
    assert "Dòng 3" in clerk.words
    assert "Tải lại tệp" in clerk.words
    assert "&lt;b&gt;12" in clerk.page
    assert (await sending.get(broadcast_id)).people == 0


@pytest.mark.parametrize(
    ("content", "headline"),
    [
        (b"", "Tệp không có dòng nào"),
        (b"%PDF-1.7\x00\x01\x02", "Tệp này không phải bảng tính"),
        (csv_of(("Tên", "Ghi chú"), ("Lan", "x")), "Tệp không có cột số điện thoại"),
        (csv_of(("Họ tên", "SĐT"), LAN[:2]), "Tệp thiếu cột mà nội dung tin cần"),
        (csv_of((*HEADER, "SĐT"), (*LAN, LAN[1])), "Cột “Số điện thoại” có hai lần"),
        (zip_of({"xl/workbook.xml": b" " * (60 << 20)}), "Tệp này không được nhận"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_used_has_one_headline(sending: Sending, content: bytes, headline: str) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)

    await upload(clerk, broadcast_id, content, name="ds.xlsx")

    assert clerk.status == 422
    assert f"<h1>{headline}</h1>" in clerk.page
    assert (await sending.get(broadcast_id)).people == 0


async def test_a_file_that_is_too_large_is_refused_readably(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)

    await upload(clerk, broadcast_id, b"a" * (21 << 20))
    large = clerk.status, clerk.words
    await upload(clerk, broadcast_id, b"a" * (61 << 20))

    assert large[0] == 422
    assert "Tệp lớn quá 20 MB" in large[1]
    assert clerk.status == 413
    assert "Nội dung gửi lên quá dài" in clerk.words


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # aiohttp drops what had come of the file
async def test_an_upload_that_hardly_moves_is_refused_readably(
    sqlite_storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast_list, "UPLOAD_SECONDS", 0.3)
    async with open_sending(sqlite_storage, tmp_path) as sending:
        clerk = await sending.rig.staff(Role.CLERK)
        broadcast_id = await begun(clerk)
        done = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nphone\r\n'
            await done.wait()

        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        url = f"{clerk.url}/can-bo/phat-tin/{broadcast_id}/danh-sach"
        async with clerk.http.post(url, data=slowly(), headers=headers) as answer:
            await clerk._see(answer)
            done.set()

    assert clerk.status == 408
    assert "tới quá chậm" in clerk.words


async def test_a_files_name_is_shown_as_text_and_goes_into_no_header(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)

    await upload(clerk, broadcast_id, people(2), name="../../a\u202e<script>'x.csv")

    assert clerk.where.endswith("/gio")
    assert (await sending.get(broadcast_id)).list_name == "a<script>'x.csv"
    await clerk.get(f"/phat-tin/{broadcast_id}")
    assert "<script>x" not in clerk.page


async def test_a_repeated_phone_is_said_and_written_to_once(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)

    await upload(clerk, broadcast_id, xlsx_of(HEADER, LAN, ("Lan", 912345678, "B")))

    assert "1 dòng có số điện thoại đã gặp ở trên" in clerk.words
    assert (await sending.get(broadcast_id)).people == 1


async def test_the_check_says_what_it_comes_to_and_shows_any_row(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)
    await upload(clerk, broadcast_id, people(60))
    await clerk.post(f"/phat-tin/{broadcast_id}/gio", revision=revision(clerk), when="now")

    first = clerk.words
    await clerk.get(f"/phat-tin/{broadcast_id}/kiem-tra?dong=33")

    assert "60 người nhận 60 phần tin SMS" in first
    assert "Chỉ hiện 50 dòng đầu" in first
    assert "Dòng 2 sẽ đọc" in first
    assert "Kính gửi Ông/Bà Bà Lan 31, mời tới Phường Nha Trang nhận kết quả" in clerk.words
    assert "Kinh gui Ong/Ba Ba Lan 31" in clerk.words
    looks = await sending.rig.recorded("broadcast.looked")
    assert [(each.subject, each.after) for each in looks[-1:]] == [(broadcast_id, {"rows": 50, "row": 33})]


async def test_the_hour_is_to_the_minute_and_the_quiet_hours_are_said(sqlite_storage: Storage, tmp_path: Path) -> None:
    quiet = {"bulk": {"begin": "21:00:00", "end": "07:00:00"}}
    async with open_sending(sqlite_storage, tmp_path, quiet=quiet) as sending:
        clerk = await sending.rig.staff(Role.CLERK)
        broadcast_id = await begun(clerk)
        day = f"{sending.rig.clock().replace(month=12, day=1):%Y-%m-%d}"
        await clerk.get(f"/phat-tin/{broadcast_id}/gio")
        await clerk.post(f"/phat-tin/{broadcast_id}/gio", revision=revision(clerk), when="later", day="x", time="9:00")
        wrong = clerk.words
        fields = {"revision": revision(clerk), "when": "later", "day": day, "time": "22:30"}
        await clerk.post(f"/phat-tin/{broadcast_id}/gio", fields)
        await clerk.get(f"/phat-tin/{broadcast_id}")

        assert "Xin ghi cả ngày và giờ" in wrong
        starts = (await sending.get(broadcast_id)).starts_at
        assert starts is not None
        assert (starts.hour, starts.minute) == (15, 30)
        assert "Lúc đó là giờ yên tĩnh 21:00–07:00, nên tin được giữ tới 07:00 · 2/12/" in clerk.words


async def test_a_small_one_leaves_after_a_test_by_one_person(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await ready(clerk, people(2))
    assert "Gửi 2 tin nhắn" in clerk.words

    async with sending.running():
        await clerk.post(f"/phat-tin/{broadcast_id}/gui", revision=revision(clerk))
        await sending.comes_to(broadcast_id, BroadcastState.DONE)
    await clerk.get(f"/phat-tin/{broadcast_id}")

    assert len(sending.sent) == 3, "two people and the test"
    assert "Đã gửi xong" in clerk.words


async def test_it_cannot_be_sent_untested(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)
    await upload(clerk, broadcast_id, people(2))
    await clerk.post(f"/phat-tin/{broadcast_id}/gio", revision=revision(clerk), when="now")
    await clerk.get(f"/phat-tin/{broadcast_id}")
    assert "Gửi 2 tin nhắn" not in clerk.words
    draft = await sending.get(broadcast_id)

    await clerk.get(f"/phat-tin/{broadcast_id}/kiem-tra")
    await clerk.post(f"/phat-tin/{broadcast_id}/gui", revision=draft.revision)

    assert clerk.status == 409
    assert "Xin gửi thử cho mình trước" in clerk.words
    assert (await sending.get(broadcast_id)).state is BroadcastState.DRAFT


async def test_the_whole_way_of_a_large_one_by_two_people(sending: Sending) -> None:
    clerk, head = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.APPROVER)
    broadcast_id = await ready(clerk, people(30))
    assert "Trình duyệt 30 tin nhắn" in clerk.words
    await clerk.post(f"/phat-tin/{broadcast_id}/gui", revision=revision(clerk))
    assert "Chờ người khác duyệt" in clerk.words

    await head.get(f"/phat-tin/{broadcast_id}")
    page = head.words
    async with sending.running():
        await head.post(f"/phat-tin/{broadcast_id}/duyet", act="approve", revision=revision(head))
        await sending.comes_to(broadcast_id, BroadcastState.TRIED)
        await clerk.get(f"/phat-tin/{broadcast_id}")
        tried = clerk.words
        await clerk.post(f"/phat-tin/{broadcast_id}/tiep-tuc")
        await sending.comes_to(broadcast_id, BroadcastState.DONE)
    await clerk.get(f"/phat-tin/{broadcast_id}")

    assert "Kính gửi Ông/Bà Bà Lan 0" in page
    assert "Duyệt gửi 30 tin nhắn" in page
    assert "2 tin đầu đã đi" in tried
    assert "Gửi tiếp 28 người còn lại" in tried
    assert "30 đã tới máy" in clerk.words
    acts = [each.what for each in await sending.rig.recorded() if each.subject == broadcast_id]
    assert [each for each in acts if each in ("broadcast.submitted", "broadcast.approved", "broadcast.resumed")] == [
        "broadcast.submitted", "broadcast.approved", "broadcast.resumed",
    ]  # fmt: skip


async def test_first_ones_that_are_held_have_not_left_and_the_page_says_so(
    sqlite_storage: Storage, tmp_path: Path
) -> None:
    now = utc_now().astimezone(VIETNAM)
    quiet = {"bulk": {"begin": f"{now - timedelta(hours=1):%H:%M}", "end": f"{now + timedelta(hours=2):%H:%M}"}}
    async with open_sending(sqlite_storage, tmp_path, quiet=quiet, broadcasts={"canary": 3}) as sending:
        clerk, head = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.APPROVER)
        broadcast_id = await ready(clerk, people(30))
        await clerk.post(f"/phat-tin/{broadcast_id}/gui", revision=revision(clerk))
        await head.get(f"/phat-tin/{broadcast_id}")
        async with sending.running():
            await head.post(f"/phat-tin/{broadcast_id}/duyet", act="approve", revision=revision(head))
            await sending.comes_to(broadcast_id, BroadcastState.TRIED)
            async with asyncio.timeout(20):
                while "Trong 3 tin đầu, 3 tin đang được giữ lại và chưa đi" not in clerk.words:
                    await asyncio.sleep(0.02)
                    await clerk.get(f"/phat-tin/{broadcast_id}")

    assert "tin đầu đã đi" not in clerk.words
    assert '<button class="quiet">Gửi tiếp 27 người còn lại' in clerk.page


async def test_the_author_sees_why_she_cannot_approve(sending: Sending) -> None:
    author = await sending.rig.staff(Role.APPROVER)
    broadcast_id = await submitted(author, people(30))

    shown = author.words
    await author.post(f"/phat-tin/{broadcast_id}/duyet", act="approve")

    assert "phải do một người khác duyệt" in shown
    assert "Duyệt gửi" not in shown
    assert author.status == 409
    assert (await sending.get(broadcast_id)).state is BroadcastState.SUBMITTED


async def test_a_no_says_why(sending: Sending) -> None:
    clerk, head = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.APPROVER)
    broadcast_id = await submitted(clerk, people(30))
    await head.get(f"/phat-tin/{broadcast_id}")

    await head.post(f"/phat-tin/{broadcast_id}/duyet", act="reject", why="")
    waiting = (await sending.get(broadcast_id)).state
    await head.post(f"/phat-tin/{broadcast_id}/duyet", act="reject", why="Sai địa điểm")
    await clerk.get(f"/phat-tin/{broadcast_id}")

    assert waiting is BroadcastState.SUBMITTED
    assert "Không được duyệt" in clerk.words
    assert "Sai địa điểm" in clerk.words
    assert sending.sent == []


async def test_a_running_one_is_paused_and_the_rest_cancelled_with_a_reason(sending: Sending) -> None:
    clerk, head = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.APPROVER)
    broadcast_id = await submitted(clerk, people(30))
    await head.get(f"/phat-tin/{broadcast_id}")
    async with sending.running():
        await head.post(f"/phat-tin/{broadcast_id}/duyet", act="approve", revision=revision(head))
        await sending.comes_to(broadcast_id, BroadcastState.TRIED)
        await clerk.get(f"/phat-tin/{broadcast_id}")
        await clerk.post(f"/phat-tin/{broadcast_id}/tam-dung")
        paused = clerk.words
        await clerk.get(f"/phat-tin/{broadcast_id}/huy")
        asked = clerk.words
        await clerk.post(f"/phat-tin/{broadcast_id}/huy", why="")
        without = clerk.words
        await clerk.post(f"/phat-tin/{broadcast_id}/huy", why="Nhầm ngày")

    assert "Đã tạm dừng" in paused
    assert "2 tin đã đi và không lấy lại được. 28 tin chưa đi sẽ không bao giờ được gửi" in asked
    assert "Xin ghi lý do" in without
    assert (await sending.get(broadcast_id)).state is BroadcastState.CANCELLED
    assert "Nhầm ngày" in clerk.words
    assert "Đã đi 2 tin; 28 người không được gửi." in clerk.words
    assert "100%" not in clerk.words
    assert "28 không gửi" in clerk.words
    await clerk.get(f"/phat-tin/{broadcast_id}/ket-qua?loc=huy")
    assert clerk.words.count("đợt đã hủy trước khi tới lượt") == 28
    await clerk.get(f"/phat-tin/{broadcast_id}/ket-qua?loc=cho")
    assert "tới lượt" not in clerk.words
    table, _ = await clerk.bytes_of(f"/phat-tin/{broadcast_id}/tai-ve?dang=csv")
    assert table.decode().count("đợt đã hủy trước khi tới lượt") == 28


async def test_the_same_list_twice_is_refused_with_a_link_to_the_first(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    other = await sending.rig.staff(Grant(Role.CLERK, "H32.10"))
    first = await submitted(clerk, people(2))

    again = await begun(clerk)
    await upload(clerk, again, people(2))
    elsewhere = await begun(other, agency="H32.10")
    await upload(other, elsewhere, people(2))

    assert clerk.status == other.status == 409
    assert f'href="/can-bo/phat-tin/{first}"' in clerk.page
    assert f'href="/can-bo/phat-tin/{first}"' not in other.page


async def test_results_can_be_filtered_and_downloaded_with_phones_only_for_who_works(sending: Sending) -> None:
    clerk, viewer = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.VIEWER)
    broadcast_id = await ready(clerk, csv_of(HEADER, LAN, ("=cmd|'/c calc'!A1", "0987654321", "A")))
    async with sending.running():
        await clerk.post(f"/phat-tin/{broadcast_id}/gui", revision=revision(clerk))
        await sending.comes_to(broadcast_id, BroadcastState.DONE)

    await viewer.get(f"/phat-tin/{broadcast_id}/ket-qua?loc=toi")
    of_clerk, headers = await clerk.bytes_of(f"/phat-tin/{broadcast_id}/tai-ve?dang=csv")
    of_viewer, _ = await viewer.bytes_of(f"/phat-tin/{broadcast_id}/tai-ve?dang=csv")
    book, _ = await clerk.bytes_of(f"/phat-tin/{broadcast_id}/tai-ve?dang=xlsx")
    (sending.lines.parent / "a.xlsx").write_bytes(book)

    assert viewer.words.count("Đã tới máy") == 2
    lines = of_clerk.decode("utf-8-sig").splitlines()
    assert lines[0] == "Dòng;Số điện thoại;Mã hồ sơ;Kết quả;Chi tiết;Lúc"
    assert lines[1].startswith("2;0912345678;;")
    assert b"0912345678" not in of_viewer
    assert "•••678" in of_viewer.decode("utf-8-sig")
    assert headers["Content-Disposition"].startswith('attachment; filename="pt-')
    rows = load_workbook(str(sending.lines.parent / "a.xlsx")).get_sheet_by_index(0).to_python()
    assert [row[1] for row in rows[1:]] == ["0912345678", "0987654321"]
    downloads = await sending.rig.recorded("broadcast.downloaded")
    assert sorted(each.after["phones"] for each in downloads) == [False, True, True]


async def test_no_cell_of_a_download_is_a_formula(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await submitted(clerk, people(2))
    watch = BroadcastWatch(sending.rig.storage, handing_out_for(sending.rig.app.broadcasts))
    await watch.look()
    await watch.look()
    reason = '=HYPERLINK("http://a.vn")'
    now = sending.rig.clock()
    await sending.rig.storage.write(lambda tx: tx.broadcasts.stop(broadcast_id, reason=reason, at=now))

    content, _ = await clerk.bytes_of(f"/phat-tin/{broadcast_id}/tai-ve?dang=csv")
    book, _ = await clerk.bytes_of(f"/phat-tin/{broadcast_id}/tai-ve?dang=xlsx")

    cells = [each for row in csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";") for each in row]
    assert any("HYPERLINK" in each for each in cells)
    assert not [each for each in cells if each.startswith(("=", "+", "-", "@"))]
    with zipfile.ZipFile(io.BytesIO(book)) as opened:
        assert b"<f>" not in opened.read("xl/worksheets/sheet1.xml")


async def test_whoever_turns_to_dossiers_is_shown_how_many_before_she_goes_on(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)
    for times in (1, 2):
        await clerk.get(f"/phat-tin/{broadcast_id}/nguoi-nhan")
        await clerk.post(f"/phat-tin/{broadcast_id}/nguoi-nhan", revision=revision(clerk), kind="query", act="next")
        assert clerk.where.endswith("/nguoi-nhan" if times == 1 else "/noi-dung")


async def test_nobody_reaches_a_broadcast_of_another_agency(sending: Sending) -> None:
    clerk = await sending.rig.staff(Grant(Role.CLERK, "H32.10"))
    stranger = await sending.rig.staff(Grant(Role.APPROVER, "H32.20"))
    broadcast_id = await submitted(clerk, people(30), agency="H32.10")
    await stranger.get("/phat-tin")
    listed = stranger.words
    seen = {}

    gets = ("", "/kiem-tra", "/ket-qua", "/tai-ve", "/danh-sach", "/tep-mau", "/huy", "/ten", "/noi-dung", "/gui-thu")
    for path in gets:
        await stranger.get(f"/phat-tin/{broadcast_id}{path}")
        seen[path] = stranger.status
    await stranger.get("/phat-tin/moi")
    token_page = stranger.page
    for path in ("/duyet", "/gui", "/huy", "/tam-dung", "/tiep-tuc", "/rut-lai", "/ten", "/danh-sach", "/gui-thu"):
        stranger.page = token_page
        await stranger.post(f"/phat-tin/{broadcast_id}{path}", act="approve", why="x", revision=1)
        seen[f"POST {path}"] = stranger.status
    await stranger.get("/phat-tin/moi")
    await stranger.post("/phat-tin/moi", title="Của người khác", agency="H32.10")

    assert "Mời nhận kết quả" not in listed
    assert set(seen.values()) == {404}, seen
    assert stranger.status == 404
    assert (await sending.get(broadcast_id)).state is BroadcastState.SUBMITTED


async def test_who_only_looks_changes_nothing(sending: Sending) -> None:
    clerk, viewer = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.VIEWER)
    broadcast_id = await submitted(clerk, people(30))

    await viewer.get(f"/phat-tin/{broadcast_id}")
    seen = viewer.page
    await viewer.get(f"/phat-tin/{broadcast_id}/kiem-tra")

    assert "Bà Lan 0" not in seen, "what people are called is for those who work with it"
    assert "<button" not in seen.partition("<main")[2]
    assert viewer.status == 403


async def test_somebody_elses_change_is_not_overwritten(sending: Sending) -> None:
    clerk, colleague = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.CLERK)
    broadcast_id = await begun(clerk)
    await clerk.get(f"/phat-tin/{broadcast_id}/noi-dung")
    old = revision(clerk)
    await colleague.get(f"/phat-tin/{broadcast_id}/ten")
    await colleague.post(f"/phat-tin/{broadcast_id}/ten", revision=revision(colleague), title="Tên khác", agency="")

    await clerk.post(f"/phat-tin/{broadcast_id}/noi-dung", revision=old, chat="Khác", sms="", accented="")

    assert clerk.status == 409
    assert "Có người vừa sửa" in clerk.words
    assert (await sending.get(broadcast_id)).title == "Tên khác"


async def test_a_text_with_mistakes_is_kept_and_its_mistakes_are_said(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)

    broadcast_id = await begun(clerk, text="Xem tại http://a.vn {% for x in y %}")

    assert "Nội dung cần sửa trước khi gửi" in clerk.words
    assert "Tin chat: dòng 1" in clerk.words
    await clerk.get(f"/phat-tin/{broadcast_id}")
    assert "Gửi 0 tin nhắn" not in clerk.words


async def test_an_audience_is_chosen_and_its_dossiers_counted(sending: Sending) -> None:
    clerk = await sending.rig.staff(Grant(Role.CLERK, "H32.10"))
    broadcast_id = await begun(clerk, agency="H32.10")
    await clerk.get(f"/phat-tin/{broadcast_id}/nguoi-nhan")
    fields = {"revision": revision(clerk), "kind": "query", "act": "count", "status": ["9"], "lateness": "late"}

    await clerk.post(
        f"/phat-tin/{broadcast_id}/nguoi-nhan", fields, since="1/10/2026", until="31/10/2026", scheme="sms"
    )

    assert "Hiện có 0 số điện thoại trong những hồ sơ này" in clerk.words
    await clerk.get(f"/phat-tin/{broadcast_id}")
    assert (
        "Chủ hồ sơ trong hệ thống; đang ở: Đã xử lý xong, chưa trả; đã quá hạn, chưa có kết quả; "
        "tiếp nhận từ 1/10/2026; đến hết 31/10/2026; SMS." in clerk.words
    )


async def test_nobody_asks_for_the_dossiers_of_an_agency_that_is_not_hers(sending: Sending) -> None:
    clerk = await sending.rig.staff(Grant(Role.CLERK, "H32.10"))
    broadcast_id = await begun(clerk, agency="H32.10")
    await clerk.get(f"/phat-tin/{broadcast_id}/nguoi-nhan")

    fields = {"revision": revision(clerk), "kind": "query", "agency": ["H32.20"]}
    await clerk.post(f"/phat-tin/{broadcast_id}/nguoi-nhan", fields)

    assert clerk.status == 404
    assert (await sending.get(broadcast_id)).audience is None


async def test_the_live_part_is_a_piece_and_stops_when_nothing_changes(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await submitted(clerk, people(2))
    waiting = await clerk.get(f"/phat-tin/{broadcast_id}/tien-do", **{"X-Live": "1"})

    async with sending.running():
        await sending.comes_to(broadcast_id, BroadcastState.DONE)
    over = await clerk.get(f"/phat-tin/{broadcast_id}/tien-do", **{"X-Live": "1"})

    assert waiting.lstrip().startswith("<section data-live=")
    assert "data-live" not in over


async def test_both_languages_have_the_same_words(sending: Sending) -> None:
    words = sending.rig.console.show.words

    def keys(table: object) -> object:
        return {name: keys(each) for name, each in table.items()} if isinstance(table, dict) else None

    assert keys(words["vi"]["broadcasts"]) == keys(words["en"]["broadcasts"])
