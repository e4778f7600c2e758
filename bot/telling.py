"""Pure: the values that templates may say of a dossier, and what of it is for whose eyes."""

import re

from bot.model.dossier import FINISHED, Dossier, Handing, Status
from bot.model.message import Situation
from bot.situations import holding_agency
from bot.texts import Catalogue, show_moment

TELLING = ("procedure", "supplement", "reason", "fee", "step_agency")
"""Values that show what a dossier is about."""

FOR_OWNERS = (
    "procedure", "agency", "supplement", "supplement_until", "reason", "place", "tracking", "fee", "step_agency",
)  # fmt: skip
_EXPLAINED = frozenset({Situation.PAUSED, Situation.PAYMENT, Situation.APPOINTMENT})
"""Like an apology they have a reason of their own, though the status has none."""
_ON_ITS_WAY = frozenset({Situation.RESULT_POST, Situation.RETURNED})
_SAME_STATUS = frozenset({Situation.STEP, Situation.PAUSED, Situation.PAID})
"""No news for somebody who may know status and dates."""
PERSONAL = frozenset({Situation.SURVEY, Situation.CONGRATULATION, Situation.CONDOLENCE})

_WITH_REASON = (Status.SUPPLEMENT, Status.REFUSED, Status.STOPPED, Status.WITHDRAWN)
_WITHOUT_APPOINTMENT = FINISHED - {Status.DONE}
_IDENTIFIER = re.compile(r"[A-Z]\d{2}(\.\d+)*|\d{3}(\.\d{2})+(\.[A-Z]\d{2})?")


def dossier_values(dossier: Dossier, catalogue: Catalogue) -> dict[str, str]:
    """What templates may say of a dossier. No name and no phone: they are not needed to recognise it.

    One-stop records keep what is over, such as a supplement that was handed in: only what is so now is told.
    """
    status = dossier.status
    return {
        "code": dossier.code,
        "procedure": dossier.procedure_name,
        "status": catalogue.status(status, dossier.status_text),
        "status_label": catalogue.labels[status],
        "agency": dossier.agency_name,
        "appointment": "" if status in _WITHOUT_APPOINTMENT else show_moment(dossier.appointment),
        "supplement": dossier.supplement if status is Status.SUPPLEMENT else "",
        "supplement_until": show_moment(dossier.supplement_until) if status is Status.SUPPLEMENT else "",
        "reason": dossier.reason if status in _WITH_REASON else "",
        "place": dossier.place if status is Status.DONE else "",
        "fee": dossier.fee if status is Status.PAYMENT and not dossier.fee_paid_at else "",
        "tracking": dossier.tracking if status is Status.DONE and dossier.returned_by is Handing.POST else "",
    }


def push_values(situation: Situation, before: Dossier | None, after: Dossier, catalogue: Catalogue) -> dict[str, str]:
    """`dossier_values`, with what belongs to the situation."""
    values = dossier_values(after, catalogue) | {
        "old_appointment": show_moment(before.appointment if before else None),
        "step_agency": _shown_agency(after),
        "form": "",
    }
    if _explains(situation, before, after):
        values["reason"] = after.reason
    if situation is Situation.PAID:
        values["fee"] = after.fee
    if situation in _ON_ITS_WAY:
        values["tracking"] = after.tracking
    return values


def _explains(situation: Situation, before: Dossier | None, after: Dossier) -> bool:
    """Whether the reason in the record belongs to this situation, and is not left from something earlier."""
    if situation is Situation.APOLOGY:
        return before is None or not (before.supplement and before.reason == after.reason)
    return situation in _EXPLAINED and (before is None or before.reason != after.reason)


def _shown_agency(dossier: Dossier) -> str:
    """Who has it now, by name; empty where the source has but an identifier that is not the dossier's own agency."""
    held = holding_agency(dossier)
    if held == dossier.agency:
        return dossier.agency_name
    return "" if _IDENTIFIER.fullmatch(held) else held


def told_to_follower(situation: Situation) -> Situation | None:
    """What somebody who may know status and dates is told when the owner is told this; None: nothing, for neither
    has changed, or it is meant for the owner alone."""
    if situation in _SAME_STATUS or situation in PERSONAL:
        return None
    return Situation.APOLOGY if situation is Situation.APOLOGY else Situation.PROGRESS
