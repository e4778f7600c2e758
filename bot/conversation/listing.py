"""Lists of dossiers: those with the asker's phone and those that she follows, a line each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from bot.conversation.showing import phrase, show_day, words_with_code
from bot.conversation.turn import Turn
from bot.lookup import is_hers
from bot.model.dossier import FINISHED, Dossier
from bot.model.message import Option

_IN_CHAT = 10
_IN_SMS = 3
_READ = 200
"""Dossiers of one phone that are read; somebody with more files for others."""
_LONGEST_LABEL = 30
_LONGEST_PROCEDURE = 60


@dataclass(frozen=True, slots=True)
class Listed:
    """A dossier of a list."""

    dossier: Dossier
    is_own: bool
    """False: only followed."""


async def own_dossiers(turn: Turn) -> list[Dossier]:
    """Those with the phone of the asker, as far as they are hers; the open ones first, newest first."""
    phone = turn.asker.phone
    if not phone:
        return []
    disowned_at = await turn.tx.people.disowned(phone)
    return [each for each in await turn.tx.dossiers.of_phone(phone, limit=_READ) if is_hers(each, phone, disowned_at)]


async def followed_dossiers(turn: Turn) -> list[Dossier]:
    """Those that this address follows, newest follow first."""
    follows = await turn.tx.follows.of(turn.asker.address)
    known: dict[tuple[str, str], Dossier] = {}
    for source in {each.source for each in follows}:
        codes = [each.code for each in follows if each.source == source]
        known |= {(source, code): each for code, each in (await turn.tx.dossiers.get_many(source, codes)).items()}
    pairs = [(follow, known.get((follow.source, follow.code))) for follow in follows]
    return [each for follow, each in pairs if each and follow.invited_by in ("", each.phone)]


async def all_dossiers(turn: Turn) -> list[Listed]:
    own = await own_dossiers(turn)
    known = {(each.source, each.code) for each in own}
    followed = [each for each in await followed_dossiers(turn) if (each.source, each.code) not in known]
    return [*(Listed(each, is_own=True) for each in own), *(Listed(each, is_own=False) for each in followed)]


def say_list(turn: Turn, name: str, listed: Sequence[Listed], *, words: str) -> None:
    """`reply.<name>` with a numbered line for each dossier; choosing one says `words` with its code."""
    shown = listed[: _IN_SMS if turn.is_plain else _IN_CHAT]
    lines = {f"line_{number}": "" for number in range(1, _IN_CHAT + 1)}
    lines |= {f"line_{number}": _line(turn, each) for number, each in enumerate(shown, 1)}
    more = str(len(listed) - len(shown)) if len(listed) > len(shown) else ""
    options = [Option(_label(each.dossier.code), words_with_code(words, each.dossier.code)) for each in shown]
    if turn.has_buttons or turn.is_plain:
        turn.say(name, options, more=more, **lines)
        return
    # The lines have their numbers already: only what these say is to be remembered.
    turn.say(name, (), more=more, **lines)
    turn.state = replace(turn.state, options=tuple(each.says for each in options))
    turn.speak_of(turn.state.about)


def _label(code: str) -> str:
    """The end of a code tells more than its beginning."""
    return code if len(code) <= _LONGEST_LABEL else f"…{code[1 - _LONGEST_LABEL :]}"


def _line(turn: Turn, listed: Listed) -> str:
    dossier = listed.dossier
    is_due = dossier.status not in FINISHED
    return phrase(
        turn,
        "list_line",
        code=dossier.code,
        procedure="" if turn.is_plain or not listed.is_own else _shortened(dossier.procedure_name),
        status=_status(turn, dossier),
        appointment="" if turn.is_plain or not is_due else show_day(dossier.appointment),
        followed="" if listed.is_own else "1",
    )


def _shortened(procedure: str) -> str:
    return shorten(procedure, _LONGEST_PROCEDURE, placeholder="…")


def _status(turn: Turn, dossier: Dossier) -> str:
    """Short where the line must be."""
    return turn.catalogue.labels[dossier.status] if turn.is_plain else turn.catalogue.status(dossier.status)
