"""What every page of the apology desk begins with: whose apology it is, and a desk whose acts are recorded."""

from bot.apologies import ApologyDesk
from bot.apology_desk import desk_of, for_the_record
from bot.drafting import Answer
from bot.model.apology import Apology
from bot.model.audit import Entry
from bot.model.dossier import Dossier
from bot.model.staff import Right, Scope
from bot.ports import Transaction
from bot.web.console.visit import Visit, missing


def desk_at(visit: Visit, what: str = "", before: Apology | None = None) -> ApologyDesk:
    """The desk at which this visitor works; her act is recorded as `what` where it comes to something."""

    def told(answer: Answer) -> Entry | None:
        return _entry(visit, what, before, answer) if isinstance(answer, Apology) else None

    app = visit.app
    storage = visit.audited(told) if what else visit.storage
    return desk_of(app.plan, storage, app.planner, app.reach, clock=visit.console.clock)


def _entry(visit: Visit, what: str, before: Apology | None, after: Apology) -> Entry:
    was, now = for_the_record(before, after)
    return visit.entry(what, after.id, agency=after.agency, before=was, after=now)


def scope_within(visit: Visit, agency: str, right: Right = Right.SEE) -> Scope:
    """The part of her agencies that lies within `agency` (empty: all of them)."""
    scope = visit.scope(right).within([agency] if agency else [])
    if not scope.agencies:
        raise missing()
    return scope


async def found_apology(visit: Visit, right: Right = Right.SEE) -> tuple[Apology, Dossier | None]:
    """The one that the address names, with its dossier, if she has the right in its agency."""
    apology_id = visit.part("id").upper()

    async def read(tx: Transaction) -> tuple[Apology | None, Dossier | None]:
        found = await tx.apologies.get(apology_id)
        if found is None:
            return None, None
        return found, (await tx.dossiers.get_many(found.source, [found.code])).get(found.code)

    apology, dossier = await visit.storage.read(read)
    if apology is None:
        raise missing()
    visit.require(right, apology.agency)
    return apology, dossier
