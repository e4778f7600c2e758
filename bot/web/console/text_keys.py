"""Which text an address means, and whether whoever asks has the right in its agency."""

from urllib.parse import urlencode

from bot.model.message import Situation
from bot.model.staff import Right
from bot.model.wording import EDITABLE, TextKey
from bot.web.console.visit import Visit, missing
from bot.web.pages import LANGUAGES


def own_agency(visit: Visit) -> str:
    """The one that was named; else hers, of several the first."""
    named = visit.said("co-quan") or visit.asked("co-quan")
    scope = visit.scope()
    return named if named or scope.is_everywhere else scope.agencies[0]


def key_of(visit: Visit, right: Right) -> TextKey:
    """Of the address or the form. What is in force for an agency may be read by whoever sees that agency, wherever its
    words come from: its citizens read them."""
    situation, language = visit.part("situation"), visit.said("ngon-ngu") or visit.asked("ngon-ngu") or "vi"
    if situation not in set(Situation) or Situation(situation) not in EDITABLE or language not in LANGUAGES:
        raise missing()
    agency = own_agency(visit)
    visit.require(right, agency)
    return TextKey(Situation(situation), language, agency)


def address_of(key: TextKey, act: str = "") -> str:
    """Below the console."""
    query = urlencode({"ngon-ngu": key.language, "co-quan": key.agency})
    return f"/mau-tin/{key.situation}{f'/{act}' if act else ''}?{query}"


def number_in(written: str) -> int | None:
    """A version's number; None where none is named."""
    return int(written) if written.isdigit() and len(written) < 10 else None
