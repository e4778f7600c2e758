"""How the texts that an office writes are printed: which are in force, what is wrong with them, how they would look."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from rich.panel import Panel
from rich.text import Text

from bot import show_sms
from bot.model.parameters import Unfit
from bot.model.wording import TextKey, TextState, Version, Wording
from bot.show import console
from bot.show_table import Table
from bot.tariff import Tariff
from bot.text_preview import Preview
from bot.texts import show_moment
from bot.texts.drafts import as_toml
from bot.texts.linting import Finding, Severity
from bot.web.pages import load_words

SHIPPED = "có sẵn / shipped"

_STATES = {
    TextState.DRAFT: "nháp / draft",
    TextState.PUBLISHED: "đang dùng / in force",
    TextState.RETIRED: "đã thôi / retired",
}


def in_force(keys: Sequence[TextKey], versions: Mapping[TextKey, Sequence[Version]]) -> None:
    """One line a text: which version citizens read, and which draft waits."""
    words = load_words("vi")["situations"]
    table = Table("Tình huống\nsituation", "", "Đang dùng\nin force", "Nháp\ndraft")
    table.columns[0].no_wrap = True
    for key in keys:
        held = {each.state: each for each in versions.get(key, ())}
        published, draft = held.get(TextState.PUBLISHED), held.get(TextState.DRAFT)
        where = f" · {key.agency}" if key.agency else ""
        table.add_row(
            Text(f"{key.situation}{where}"),
            Text(words[key.situation]),
            Text(f"bản {published.number} · {_when_published(published)}" if published else "có sẵn"),
            Text(f"bản {draft.number} · {draft.made_by} {show_moment(draft.made_at)}" if draft else ""),
        )
    console.print(table)
    console.print(
        "“có sẵn”: lời đi kèm phần mềm / as shipped. Sửa / to change one: motcua texts export result -o result.toml",
        soft_wrap=True,
        markup=False,
    )


def versions_json(versions: Sequence[Version]) -> list[dict[str, Any]]:
    return [
        {
            "situation": each.key.situation.value,
            "language": each.key.language,
            "agency": each.key.agency,
            "number": each.number,
            "state": each.state.value,
            "note": each.note,
            "made_by": each.made_by,
            "made_at": each.made_at,
            "published_by": each.published_by,
            "published_at": each.published_at,
            "retired_by": each.retired_by,
            "retired_at": each.retired_at,
            "copy_of": each.copy_of,
        }
        for each in versions
    ]


def text(key: TextKey, wording: Wording, title: str) -> None:
    console.print(title, style="bold", soft_wrap=True)
    console.print(Text(as_toml(key, wording)), soft_wrap=True)


def history(versions: Sequence[Version]) -> None:
    """The newest first, and last what is shipped."""
    table = Table("Bản\nversion", "Tình trạng / state", "Viết / written", "Ban hành / published", "Ghi chú / note")
    for each in versions:
        copied = f"như bản {each.copy_of} / as version {each.copy_of}. " if each.copy_of else ""
        table.add_row(
            str(each.number),
            _STATES[each.state],
            Text(f"{each.made_by} {show_moment(each.made_at)}"),
            Text(_when_published(each)),
            Text(f"{copied}{each.note}"),
        )
    table.add_row("0", SHIPPED, "", "", "")
    console.print(table)


def _when_published(version: Version) -> str:
    return f"{version.published_by} {show_moment(version.published_at)}".strip()


def difference(key: TextKey, before: tuple[str, Wording], after: tuple[str, Wording]) -> bool:
    """Line by line, what was with - and what is with +; True where there is any."""
    (old_name, old), (new_name, new) = before, after
    old_lines, new_lines = (as_toml(key, each).splitlines() for each in (old, new))
    lines = list(difflib.unified_diff(old_lines, new_lines, old_name, new_name, n=2, lineterm=""))
    styles = {"+": "green", "-": "red", "@": "dim"}
    for line in lines:
        console.print(Text(line, styles.get(line[:1], "")), soft_wrap=True)
    if not lines:
        console.print(f"{old_name} và {new_name} giống nhau. / They say the same.", soft_wrap=True)
    return bool(lines)


def findings(found: Sequence[Finding]) -> None:
    """Vietnamese first; errors with ✗, warnings with !."""
    for each in found:
        is_error = each.severity is Severity.ERROR
        line = f"{'✗' if is_error else '!'} {each.key} · {each.place}: {each.vi} / {each.en}"
        console.print(Text(line, "red" if is_error else "yellow"), soft_wrap=True)
    errors = sum(each.severity is Severity.ERROR for each in found)
    console.print(
        f"{errors} lỗi, {len(found) - errors} nhắc nhở. / {errors} error(s), {len(found) - errors} warning(s)."
        if found
        else "Không có gì phải sửa. / Nothing to mend."
    )


def findings_json(found: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {
            "severity": each.severity.value,
            "situation": each.key.situation.value,
            "language": each.key.language,
            "agency": each.key.agency,
            "place": each.place,
            "vi": each.vi,
            "en": each.en,
        }
        for each in found
    ]


def preview(shown: Preview, title: str, tariff: Tariff) -> None:
    console.print(title, style="bold", soft_wrap=True)
    if shown.missing:
        console.print(
            f"Sẽ không gửi: hồ sơ không có “{shown.missing}”. / Nothing would be sent: the dossier has no value for "
            f"{shown.missing}.",
            style="red",
            soft_wrap=True,
        )
        return
    console.print(Panel(Text(shown.chat), title="Zalo, Telegram, trang web / chats", expand=False))
    show_sms.text(shown.sms, tariff)
    way = "có dấu / accented" if shown.accented else "không dấu / unaccented"
    console.print(f"SMS nay gửi / SMS is sent: {way} ([texts] accented_sms)", markup=False)
    if shown.shortened:
        names = ", ".join(sorted(shown.shortened))
        console.print(f"Trong SMS bị rút ngắn / shortened in the SMS: {names}", style="yellow")
    for channel, fits in shown.registered.items():
        says = "✓ khớp / fits" if fits else "✗ khác, sẽ không gửi / differs, would not be sent"
        console.print(f"Mẫu đăng ký ở / registered text at {channel}: {says}", style="" if fits else "red")
    _zbs(shown)


def _zbs(shown: Preview) -> None:
    for each in shown.zbs:
        table = Table(
            "Ô / parameter", "Giá trị / value", "Ký tự", title=" ".join(filter(None, ("ZBS", each.channel, each.id)))
        )
        for name, value in each.values.items():
            if isinstance(value, Unfit):
                table.add_row(Text(name), Text(f"✗ không điền được / cannot be filled: {value.reason}", "red"), "")
            else:
                table.add_row(Text(name), Text(value), str(len(value)))
        console.print(table)
