"""How every source is, as far as the database knows: fresh, failing, braked, in agreement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.lookup import STALE_AFTER
from bot.plan import Plan, rules_of
from bot.ports import Failure, Reconciliation, SourceState, Storage, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a source is, as far as the database knows."""

    name: str
    kind: str
    """Empty for one that the configuration no longer has."""
    state: SourceState | None
    """None before anything was read."""
    fresh_at: datetime | None
    """The moment whose truth the mirror shows."""
    lag: timedelta | None
    stale: bool
    """Answers no longer state what we have as current."""
    failure: Failure | None
    quarantined: int
    held: Mapping[str, int]
    """Messages that wait for a person, by situation."""
    reconciliation: Reconciliation | None


async def conditions(plan: Plan, storage: Storage, *, now: datetime) -> list[Condition]:
    """Of every source that is configured or was once read, without opening any."""
    configured = {each.name: each for each in plan.sources}

    async def read(tx: Transaction) -> list[Condition]:
        states, failures = await tx.sources.states(), await tx.sources.failures()
        held, reports = await tx.outbox.held(), await tx.reconciliations.latest()
        found = []
        for name in dict.fromkeys([*configured, *states]):
            each, state = configured.get(name), states.get(name)
            fresh_at = (state.fresh_at or state.synced_at) if state else None
            lag = None if fresh_at is None else max(now - fresh_at, timedelta())
            limit = timedelta(seconds=rules_of(each).stale_after) if each else STALE_AFTER
            found.append(
                Condition(
                    name=name,
                    kind=each.kind if each else "",
                    state=state,
                    fresh_at=fresh_at,
                    lag=lag,
                    stale=lag is None or lag > limit,
                    failure=failures.get(name),
                    quarantined=await tx.sources.count_quarantined(name),
                    held=held.get(name, {}),
                    reconciliation=reports.get(name),
                )
            )
        return found

    return await storage.read(read)
