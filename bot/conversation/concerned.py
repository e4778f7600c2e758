"""Which dossier and agency somebody means who writes to the office; strangers learn no more than they wrote."""

from dataclasses import dataclass

from bot.conversation.intents import Intent
from bot.conversation.listing import own_dossiers
from bot.conversation.turn import Turn
from bot.lookup import is_hers
from bot.model.code import read_around, same_unit_forms
from bot.model.dossier import Dossier
from bot.model.person import Address
from bot.ports import Transaction

_PAGE = 200
"""Messages read at once."""


_FEW_WORDS = 3
"""`hồ sơ …`, `tra cứu …`, `…` and a second factor: beside a code so many words only ask about it."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a message is about; empty where nobody knows."""

    code: str = ""
    agency: str = ""
    """By its code."""
    agency_name: str = ""
    """Only for somebody who may know of the dossier."""


async def matter_of(turn: Turn, intent: Intent) -> Matter:
    """The dossier that was named or last spoken of, else the only one that has this person's phone.

    Of a dossier that she may not know of only the unit is taken that the code names, whether or not it exists.
    """
    named = next((each.code for each in intent.codes if each.kind == "dossier" and not each.repaired), "")
    code = named or turn.state.about
    known = await _known_with_code(turn, code) if code else await own_dossiers(turn)
    if len(known) == 1 or (code and known):
        return Matter(known[0].code, known[0].agency, known[0].agency_name)
    return Matter(code, _unit(code))


async def _known_with_code(turn: Turn, code: str) -> list[Dossier]:
    """Those of her own, and those that she follows."""
    found = [each for form in (code, *same_unit_forms(code)) for each in await turn.tx.dossiers.find(form)]
    phone = turn.asker.phone
    disowned_at = await turn.tx.people.disowned(phone) if phone else None
    follows = {(each.source, each.code) for each in await turn.tx.follows.of(turn.asker.address)}
    return [each for each in found if is_hers(each, phone, disowned_at) or (each.source, each.code) in follows]


def only_asks(intent: Intent) -> bool:
    """A code is named and nothing is told about it: somebody left our question alone to ask one of her own."""
    return bool(intent.codes) and len(read_around(intent.text).rest.split()) <= _FEW_WORDS


async def told_about(tx: Transaction, address: Address) -> list[str]:
    """The codes of the dossiers about which messages went to this address, the latest last."""
    codes: dict[str, None] = {}
    after = ""
    while page := await tx.outbox.history(address, after=after, limit=_PAGE):
        for item in page:
            if item.code:
                codes.pop(item.code, None)
                codes[item.code] = None
        if len(page) < _PAGE:
            break
        after = page[-1].id
    return list(codes)


def _unit(code: str) -> str:
    """The agency that a code names, highest level first: `H56.14` also of `000.00.14.H56-210531-0001`."""
    forms = [code, *same_unit_forms(code)]
    return next((form for form in forms if form[:1].isalpha()), code).partition("-")[0]
