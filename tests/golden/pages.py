"""The golden set as pages that people read: one of every text in a language, and the operators' table."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.model.message import FOR_STAFF, Situation
from bot.web.pages import load_words
from tests.golden.rendering import HERE, LANGUAGES, WAYS, Told, everything, sets_of, situations, told

COMMAND = "python -m tests.golden"
_TITLES = {"vi": "Mọi lời gửi đi, bằng tiếng Việt", "en": "Everything that is sent, in English"}


@cache
def pages() -> dict[Path, str]:
    """All pages, by where they stand."""
    golden = {HERE / f"{language}.md": golden_page(language) for language in LANGUAGES}
    return {**golden, Path("docs/bang-tin.md"): operators_page()}


def golden_page(language: str) -> str:
    return "\n".join([*_lengths(language), *_texts(language)]) + "\n"


def _lengths(language: str) -> Iterator[str]:
    texts = {(each.situation, each.way, each.values): each for each in everything(language)}
    yield f"# {_TITLES[language]}"
    yield ""
    yield f"Written by `{COMMAND}`; compared by tests/unit/test_golden.py. Values: values.toml."
    yield "Characters = SMS parts with ordinary / longest / fewest values; of what staff may read as a list: ordinary /"
    yield "longest / a list. * where a value was shortened."
    yield ""
    yield "| situation | chat | sms, unaccented (GSM-7) | sms, accented (UCS-2) |"
    yield "|---|---|---|---|"
    for situation in situations(language):
        cells = (" / ".join(_length(texts[situation, way, which]) for which in sets_of(situation)) for way in WAYS)
        yield f"| {situation} | {' | '.join(cells)} |"


def _length(each: Told) -> str:
    if each.way == "chat":
        return str(each.units)
    return f"{each.units} = {each.parts}{'*' if each.shortened else ''}"


def _texts(language: str) -> Iterator[str]:
    for situation in situations(language):
        yield f"\n## {situation}"
        for which in sets_of(situation):
            for way in WAYS:
                each = told(language, situation, way, which)
                encoding = "" if way == "chat" else f", {each.encoding}, parts: {each.parts}"
                yield f"\n{which}, {way}: {each.units} characters{encoding}\n"
                yield "\n".join(f"    {line}" for line in each.text.split("\n"))


def operators_page() -> str:
    return "\n".join([
        "# Bảng tin: mọi lời hệ thống gửi đi",
        "",
        f"Do lệnh `{COMMAND}` viết ra từ bot/texts/vi; xin đừng sửa tay. Điền thử bằng một hồ sơ thường gặp.",
        "Bảng đầy đủ, với giá trị dài nhất và ít nhất, có dấu và không dấu: [vi.md](../tests/golden/vi.md),",
        "tiếng Anh: [en.md](../tests/golden/en.md). Giá từng loại tin của cổng đã khai: `motcua sms`.",
        "",
        "SMS đi không dấu, nhiều nhất 2 tin (306 ký tự), trừ loại ghi trong `accented_sms`. Giá trị dài (tên cơ quan,",
        "lý do, giấy tờ) được rút ngắn thấy được, bằng “...”; mã hồ sơ, ngày hẹn và số tiền không bao giờ bị rút.",
        "",
        "## Gửi công dân, tổ chức",
        *_operators_table(citizens=True),
        "",
        "## Gửi cán bộ, cơ quan cấp trên, người vận hành, bưu điện",
        *_operators_table(citizens=False),
        "",
    ])  # fmt: skip


def _operators_table(*, citizens: bool) -> Iterator[str]:
    words = load_words("vi")["situations"]
    for situation in situations("vi"):
        if (situation in FOR_STAFF) is not citizens:
            yield from _entry(situation, words[situation])


def _entry(situation: Situation, name: str) -> Iterator[str]:
    chat, sms = (told("vi", situation, way, "ordinary") for way in ("chat", "sms"))
    yield f"\n### `{situation}`: {name}\n"
    yield "\n".join(f"    {line}" for line in chat.text.split("\n"))
    yield f"\nSMS, {sms.units} ký tự, số tin: {sms.parts}\n"
    yield f"    {sms.text}"
