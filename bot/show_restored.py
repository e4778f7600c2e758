"""How what is doubtful after a return to an older state is printed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.model.message import OutboxItem
from bot.ports.restoring import Doubt, Doubtful
from bot.restore_files import Restored
from bot.restoring import Marked
from bot.show import STATE_WORDS, console
from bot.show_table import Table
from bot.texts import show_moment


def item_json(item: OutboxItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "state": str(item.state),
        "address": str(item.address),
        "situation": str(item.situation),
        "code": item.code,
        "channel": item.channel,
        "reason": item.reason,
        "until": item.expires_at,
    }


def as_json(done: Restored) -> dict[str, Any]:
    return {
        "where": done.placed.where,
        "aside": str(done.placed.aside) if done.placed.aside else None,
        "taken_at": done.manifest.taken_at,
        "applied": list(done.applied),
        "planned": done.planned,
        "balanced": done.balanced,
        **marked_json(done.marked),
    }


def marked_json(marked: Marked) -> Mapping[str, Any]:
    return {
        "uncertain": {str(state): number for state, number in marked.uncertain.items()},
        "barred": marked.barred,
        "broadcasts": list(marked.broadcasts),
        "sources": list(marked.sources),
        "by_hand": list(marked.by_hand),
        "forgotten": dict(marked.forgotten),
    }


def restored(done: Restored) -> None:
    even = "cân / balances" if done.balanced else "KHÔNG CÂN / DOES NOT BALANCE"
    taken = show_moment(done.manifest.taken_at)
    console.print(
        f"✓ {done.placed.where}: trở về {taken}. Sổ tin {even}: {done.planned:,} tin. / Back at {taken}.",
        soft_wrap=True,
    )
    if done.placed.aside:
        console.print(f"  Bản cũ / the old one: {done.placed.aside}", soft_wrap=True)
    if done.applied:
        console.print(f"  Đã nâng cấp / migrated: {', '.join(done.applied)}", soft_wrap=True)
    marked(done.marked, done.placed.aside)
    if done.manifest.missing:
        console.print(f"  Cần có lại / must be there again: {', '.join(done.manifest.missing)}", soft_wrap=True)


def marked(marks: Marked, aside: Path | None = None) -> None:
    total = sum(marks.uncertain.values())
    lines = [f"{total:,} tin chờ sẵn trong bản cũ thành “không chắc” / messages that waited are uncertain"]
    if marks.barred:
        lines.append(f"{marks.barred:,} tin đã giao nhà mạng không tự đi đường khác / take no other way by themselves")
    if marks.broadcasts:
        lines.append(f"Phát tin tạm dừng / broadcasts paused: {', '.join(marks.broadcasts)}")
    if marks.sources:
        lines.append(f"Tin mà nguồn báo lại không tự đi / news told again does not leave: {', '.join(marks.sources)}")
    lines += [
        f"{name}: nhờ phần mềm Một cửa gọi lại từ lúc ấy, rồi motcua restored close {name} / ask for its calls again"
        for name in marks.by_hand
    ]
    lines += [
        "Xem và quyết định / see and decide: motcua restored list",
        "Zalo: motcua zalo status (token trong bản cũ có thể đã chết / the old token may be dead)",
        "Yêu cầu xóa dữ liệu, danh sách không nhắn từ lúc ấy / erasures and do-not-send since then: "
        "motcua restored wishes " + (str(aside) if aside else "…"),
        "Cán bộ đăng nhập lại; tài khoản, khóa API từ lúc ấy phải làm lại / accounts and API keys since then are to be "
        "done again: docs/sao-luu.md",
    ]
    for line in lines:
        console.print(f"  • {line}", soft_wrap=True)


def doubts(found: Sequence[Doubt]) -> None:
    for each in found:
        how = (
            "tự hết sau một vòng đọc / ends with a whole round"
            if each.ends_by_itself
            else f"motcua restored close {each.source}"
        )
        console.print(
            f"Nguồn / source {each.source}: từ / since {show_moment(each.taken_at)}, {each.policy}; {how}",
            soft_wrap=True,
        )


def groups(found: Sequence[Doubtful]) -> None:
    if not found:
        console.print("Không có tin nào phải xem lại. / Nothing is doubtful.")
        return
    table = Table("Tình trạng / state", "Kênh / channel", "Nguồn / source", "Loại / kind", "Tin", "Muộn nhất / latest")
    for each in found:
        table.add_row(
            STATE_WORDS[each.state], each.channel, each.source, each.situation, f"{each.messages:,}",
            show_moment(each.until),
        )  # fmt: skip
    console.print(table)
