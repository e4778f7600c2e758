"""How an apology is read at the desk: its limit, its authors and its refusals in words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.apology_desk import drafting_of
from bot.drafting import Drafting, Refused, too_many
from bot.model.apology import Apology, ApologyState
from bot.model.clock import VIETNAM, to_millis
from bot.model.message import OutboxItem
from bot.sentences import dialects_of, sentence_of
from bot.web.console.visit import Visit

GOOD, WRONG, WARN, CALM = "good", "wrong", "warn", "calm"
"""Colours that stand beside words."""

_WHY = {
    "a supplement was asked for": "supplement",
    "the work has ended": "ended",
    "the clock stands": "paused",
    "the deadline has moved": "moved",
    "the dossier is gone": "gone",
}
"""Reasons of the watch → keys in `words/*/apologies.toml`."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with the colour beside it."""

    words: str
    kind: str = CALM


@dataclass(frozen=True, slots=True)
class Line:
    """One apology in a list."""

    apology: Apology
    reason: str
    """As the citizen reads it."""
    limit: Said
    told: Said | None
    """What became of the owner's message; None for what is not approved."""
    is_mine: bool
    """She drafted or changed it, and cannot approve it."""
    seen: int
    """Of which version this line is: UTC milliseconds of `Apology.revised_at`."""


def line_of(visit: Visit, apology: Apology, items: Sequence[OutboxItem], authors: Collection[str]) -> Line:
    """`items`: the messages of this apology; `authors`: as `tx.apologies` knows them."""
    own = [each for each in items if each.id == apology.message]
    return Line(
        apology,
        drafting(visit).words(apology),
        limit_of(visit, apology),
        told_of(visit, apology, own[0] if own else None),
        visit.me.login.casefold() in apology.authors.union(authors),
        to_millis(apology.revised_at),
    )


def drafting(visit: Visit) -> Drafting:
    return drafting_of(visit.app.plan)


def limit_of(visit: Visit, apology: Apology) -> Said:
    """By when it has to leave, and how many working days are left; of a decided one whether it was in time."""
    w = visit.words["apologies"]
    if apology.state is ApologyState.APPROVED:
        return Said(w["decided_late"], WARN) if apology.is_late else Said(w["decided_in_time"], GOOD)
    if apology.state is not ApologyState.DRAFT:
        return Said("")
    now = visit.console.clock()
    if now > apology.limit_at:
        return Said(w["limit_over"], WRONG)
    today, last = (each.astimezone(VIETNAM).date() for each in (now, apology.limit_at))
    days = visit.app.calendars.of(apology.agency).working_days(today, last)
    if days == 0:
        return Said(w["limit_today"], WARN)
    return Said(w["limit_day"] if days == 1 else w["limit_days"].format(days=days), WARN if days == 1 else CALM)


def told_of(visit: Visit, apology: Apology, item: OutboxItem | None) -> Said | None:
    """What became of the owner's message, as a sentence."""
    if apology.state is not ApologyState.APPROVED:
        return None
    if item is None:
        return Said(visit.words["apologies"]["nobody_told"], WARN)
    kinds = {"delivered": GOOD, "accepted": CALM, "queued": CALM, "sending": CALM, "held": WARN}
    dialect = dialects_of(visit.app.plan).get(item.gateway or item.channel, "")
    return Said(sentence_of(item, visit.language, dialect), kinds.get(item.state, WRONG))


def why_words(visit: Visit, why: str) -> str:
    """The watch's reasons in words; a person's as written."""
    key = _WHY.get(why)
    return str(visit.words["apologies"][f"why_{key}"]) if key else why


def refusal(visit: Visit, refused: Refused) -> str:
    """In the reader's language, and without the words of the command line."""
    if refused.why == too_many(visit.config.apologies.most):
        return str(visit.words["apologies"]["too_many"])
    vietnamese, _, english = refused.why.partition(" / ")
    return english if visit.language == "en" and english else vietnamese


def day_of(typed: str) -> date | None:
    """From a date field; None where it is none."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def local_day(moment: datetime) -> str:
    """For a date field."""
    return moment.astimezone(VIETNAM).date().isoformat()
