"""The apology desk as the configuration describes it, and an apology as its reader would have it on every channel."""

from dataclasses import dataclass
from typing import Any

from bot.apologies import ApologyDesk
from bot.apology_documents import documents_for
from bot.calendars import Calendars
from bot.drafting import Drafting
from bot.model.apology import Apology
from bot.model.clock import Clock, to_millis
from bot.model.dossier import Dossier
from bot.model.wording import TextKey
from bot.plan import Plan
from bot.planning import Planner, Silent
from bot.ports import Storage
from bot.reaching import Reach
from bot.text_check import rules_of
from bot.text_preview import Preview, preview
from bot.text_versions import IN_FORCE, choose, configured_zbs


def drafting_of(plan: Plan) -> Drafting:
    """The office's rules of apologies."""
    return Drafting(plan.config.apologies, Calendars(plan.config.calendar))


def desk_of(plan: Plan, storage: Storage, planner: Planner, reach: Reach, *, clock: Clock) -> ApologyDesk:
    """With the document of form 04."""
    drafting = drafting_of(plan)
    return ApologyDesk(storage, planner, reach, drafting, clock=clock, documents=documents_for(drafting))


def for_the_record(before: Apology | None, after: Apology) -> tuple[dict[str, Any], dict[str, Any]]:
    """An act as the record keeps it, (before, after): dates, the chosen reason and the state. What was written freely
    stays out."""
    now = _kept(after) | {"code": after.code, "override": bool(after.override)}
    return _kept(before) if before else {}, now


def _kept(apology: Apology) -> dict[str, Any]:
    return {
        "state": apology.state.value,
        "reason": apology.reason,
        "old": to_millis(apology.old_at),
        "new": to_millis(apology.new_at),
    }


@dataclass(frozen=True, slots=True)
class Letter:
    """What the owner of a dossier would read."""

    preview: Preview | None
    """None: nobody is told."""
    reason: str = ""
    """Why she would read nothing, as it is kept with messages."""


async def letter_of(
    plan: Plan, storage: Storage, planner: Planner, desk: ApologyDesk, about: tuple[Apology, Dossier]
) -> Letter:
    """In the words that are in force for the dossier's agency now."""
    apology, dossier = about
    told = desk.foretold(apology, dossier)
    if isinstance(told, Silent):
        return Letter(None, told.reason)
    situation = told.item.situation
    key = TextKey(situation, planner.language, dossier.agency)
    chosen = await storage.read(lambda tx: choose(tx, key, IN_FORCE))
    values = planner.values(situation, told.before, told.after) | {"form": apology.form}
    shown = preview(key, chosen.wording, values, rules_of(plan), configured_zbs(plan, situation))
    return Letter(shown, told.item.reason)
