"""What is done or looked at by a command stands in the record, as what is done at the console does."""

from collections.abc import Mapping
from typing import Any

from bot.auditing import Audited, Told, always
from bot.command_line import login
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.dossier import Dossier
from bot.ports import Storage


def command_entry(
    what: str,
    subject: str = "",
    *,
    by: str | None = None,
    agency: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Entry:
    """For the record, in the name of `by`, else of who is at the keyboard."""
    return Entry(
        at=utc_now(), by=by or login(), way="command", what=what, subject=subject, agency=agency,
        before=before or {}, after=after or {},
    )  # fmt: skip


def dossier_look(dossier: Dossier, **seen: Any) -> Entry:
    """At one dossier; `whole`: whether the phone is shown."""
    return command_entry(
        "dossier.looked", dossier.code, agency=dossier.agency, after={"source": dossier.source, **seen}
    )


def recorded(storage: Storage, told: Told | Entry) -> Storage:
    """For a flow that writes by itself: what it does and the record become durable together."""
    return Audited(storage, always(told) if isinstance(told, Entry) else told)


async def looked(storage: Storage, *entries: Entry) -> None:
    """Notes that somebody sees it: before it is shown."""
    await storage.write(lambda tx: tx.audit.add(entries))
