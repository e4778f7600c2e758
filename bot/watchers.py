"""Makes what looks after a running service of what the configuration asks for."""

from datetime import timedelta

from bot.blocked_watch import BlockedWatch
from bot.digest import Digests
from bot.dispatch import Dispatch
from bot.model.clock import Clock
from bot.model.ids import NewId
from bot.plan import Plan, sms_rules
from bot.planning import Planner
from bot.ports import Storage
from bot.quiet_watch import QuietWatch
from bot.texts import Library


def quiet_watch_for(plan: Plan, storage: Storage, library: Library, new_id: NewId, clock: Clock) -> QuietWatch:
    """Lets go, or folds together, what waited for the end of quiet hours."""
    config, rules = plan.config, sms_rules(plan)
    digests = Digests(
        library,
        new_id,
        config.quiet.digest,
        sms=not any(each.templates_required for each in rules.values()),
        language=config.texts.language,
    )
    return QuietWatch(storage, digests, clock=clock)


def blocked_watch_for(plan: Plan, storage: Storage, dispatch: Dispatch, planner: Planner, clock: Clock) -> BlockedWatch:
    """Sends the next way what waits for a chat that cannot be reached."""
    return BlockedWatch(
        storage,
        dispatch.senders,
        {each.name: each.shown for each in plan.channels if each.shown},
        after=timedelta(minutes=plan.config.reach.blocked_minutes),
        catalogue=planner.catalogue,
        plain=lambda scheme: scheme == "sms",
        clock=clock,
        new_id=planner.new_id,
    )
