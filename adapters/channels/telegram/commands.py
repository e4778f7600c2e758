"""The commands of the bot: its menu in two languages, and the words that each command stands for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_COMMAND = re.compile(r"/(?P<name>\w{1,64})(?:@\w{1,64})?(?:\s+(?P<rest>\S.*))?\s*", re.DOTALL)
START = "start"


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the menu."""

    name: str
    """Small Latin letters, as Telegram wants it."""
    says: str
    """What choosing it says, in the words that the conversation understands: `dừng` with its accents, for `dung` may
    be đúng, a yes."""
    description: str


MENUS: Mapping[str, tuple[Command, ...]] = {
    "": (
        Command("huongdan", "tro giup", "Xem hướng dẫn"),
        Command("hoso", "ho so cua toi", "Hồ sơ của tôi"),
        Command("theodoi", "theo doi", "Theo dõi hồ sơ: /theodoi mã-hồ-sơ"),
        Command("lienket", "lien ket", "Liên kết số điện thoại"),
        Command("gopy", "gop y", "Góp ý, phản ánh, kiến nghị"),
        Command("canbo", "gap can bo", "Gặp cán bộ"),
        Command("ngonngu", "ngon ngu", "Đổi ngôn ngữ / Language"),
        Command("ngung", "dừng", "Ngừng nhận tin"),
    ),
    "en": (
        Command("help", "tro giup", "How to use this bot"),
        Command("mine", "ho so cua toi", "My dossiers"),
        Command("follow", "theo doi", "Follow a dossier: /follow CODE"),
        Command("bind", "lien ket", "Link my phone number"),
        Command("feedback", "gop y", "Feedback or a complaint"),
        Command("clerk", "gap can bo", "Talk to a clerk"),
        Command("language", "ngon ngu", "Ngôn ngữ / Language"),
        Command("stop", "dừng", "Stop all messages"),
    ),
}
"""By language code; the menu without one is for everybody else."""

HIDDEN: Mapping[str, str] = {"english": "english", "tiengviet": "tieng viet"}
"""Commands that stand in no menu."""

SAYS: Mapping[str, str] = {each.name: each.says for menu in MENUS.values() for each in menu} | dict(HIDDEN)


def read_start(text: str) -> str | None:
    """What `/start` carries, empty for nothing; None if the text is something else."""
    match = _COMMAND.fullmatch(text.strip())
    return (match["rest"] or "").strip() if match and match["name"].lower() == START else None


def spoken(text: str) -> str:
    """A text with its command put into words: `/theodoi@bot H56…` says `theo doi H56…`. A command that we do not know
    loses its slash and the bot's name; all else stays."""
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        return text
    words = SAYS.get(match["name"].lower(), match["name"])
    return f"{words} {match['rest'].strip()}" if match["rest"] else words
