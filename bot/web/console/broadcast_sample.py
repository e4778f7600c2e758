"""Pure: what a text of a broadcast looks like with sample values, before there is anybody to tell."""

from dataclasses import dataclass

from bot.model.sms import Segmented, nfc, segment, unaccented
from bot.model.wording import Wording
from bot.texts.reading import read
from bot.texts.samples import ORDINARY
from bot.texts.syntax import MissingValueError, TextRefused, compiled

NAMES = ("code", "procedure", "agency", "status", "appointment")
"""Values that every dossier of an audience has, as a text may use them."""


@dataclass(frozen=True, slots=True)
class Samples:
    """One text by every way."""

    chat: str
    sms: Segmented
    accented: Segmented


def samples_of(wording: Wording) -> Samples | None:
    """With the values of an ordinary dossier, or the column's own name where a list gives the value; None where the
    text cannot be read."""
    try:
        chat = _filled(wording.chat)
        sms, accented = _filled(wording.sms), _filled(wording.sms_accented or wording.sms)
    except (TextRefused, MissingValueError):
        return None
    return Samples(chat, segment(unaccented(sms)), segment(accented))


def _filled(body: str) -> str:
    names = read(nfc(body)).names
    return compiled(nfc(body)).render({name: ORDINARY.get(name, f"[{name}]") for name in names})
