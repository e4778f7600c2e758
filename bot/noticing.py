"""Pure: what the changes of a dossier mean for the staff, and for the post office: papers asked for twice, a result to
collect. Said whether or not the citizen is told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.contacts import Contacts
from bot.deadline_settings import Role
from bot.model.dossier import Change, Dossier, Handing, Status
from bot.model.message import OutboxItem, Situation
from bot.situations import present_step
from bot.texts import show_moment

_TWICE = 2
"""Requests from which on a dossier counts as late in the national figures."""


class News(NamedTuple):
    """What has changed in one dossier."""

    changes: Sequence[Change]
    before: Dossier | None
    after: Dossier


def notices(
    news: Iterable[News], contacts: Contacts, *, is_sensitive: Callable[[Dossier], bool], now: datetime
) -> list[OutboxItem]:
    """The messages to staff that all this calls for; of a dossier that `is_sensitive` without what it is about."""
    items: list[OutboxItem] = []
    for each in news:
        dossier = each.after
        values = _values(dossier)
        if is_to_be_collected(each.before, dossier):
            # The post office need not know what is in the envelope.
            items += _to(contacts, (Role.POSTAL,), Situation.COLLECTION, dossier, values, key="", now=now)
        if is_asked_again(each.before, dossier):
            matter = {} if is_sensitive(dossier) else _matter(dossier)
            roles, key = (Role.OFFICER, Role.HEAD), f":{len(dossier.waits)}"
            items += _to(contacts, roles, Situation.SUPPLEMENT_AGAIN, dossier, values | matter, key=key, now=now)
    return items


def _to(
    contacts: Contacts,
    roles: Sequence[Role],
    situation: Situation,
    dossier: Dossier,
    values: Mapping[str, str],
    *,
    key: str,
    now: datetime,
) -> list[OutboxItem]:
    """One message to each contact; `key` tells events of one dossier apart."""
    event, agency = f"{situation}:{dossier.source}:{dossier.code}{key}", dossier.agency
    items = [
        contacts.notice(contact, situation, values, key=event, now=now, agency=agency)
        for contact in contacts.of(roles, agency)
    ]
    # By its source the brake lets it go again. Without a code: it takes no other message's place.
    return [replace(item, source=dossier.source) for item in items]


def is_asked_again(before: Dossier | None, after: Dossier) -> bool:
    """Papers were asked for a second time, or once more after that. Of a dossier that is new to us only while it
    waits: what was asked long ago is no news."""
    if len(after.waits) < _TWICE:
        return False
    if before is None:
        return after.status is Status.SUPPLEMENT
    return len(after.waits) > len(before.waits) and (bool(before.waits) or after.status is Status.SUPPLEMENT)


def is_to_be_collected(before: Dossier | None, after: Dossier) -> bool:
    """A result lies ready for the postal service, and did not before (QĐ 45/2016/QĐ-TTg Đ8)."""
    return _lies_ready(after) and (before is None or not _lies_ready(before))


def _lies_ready(dossier: Dossier) -> bool:
    return dossier.status is Status.DONE and dossier.returned_by is Handing.POST


def _values(dossier: Dossier) -> dict[str, str]:
    step = present_step(dossier.steps)
    return {
        "code": dossier.code,
        "procedure": "",
        "agency": dossier.agency_name,
        "appointment": show_moment(dossier.appointment),
        "new_appointment": "",
        "holder": step.holder or step.agency if step else "",
        "reason": "",
        "count": str(len(dossier.waits)),
        "detail": "",
        "tracking": dossier.tracking,
        "place": dossier.place,
    }


def _matter(dossier: Dossier) -> dict[str, str]:
    """What it is about, for those who work on it."""
    return {"procedure": dossier.procedure_name, "reason": dossier.reason, "detail": dossier.supplement}
