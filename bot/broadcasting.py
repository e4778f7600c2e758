"""The broadcasts of a configuration, for the service, the console and the command line."""

from bot.broadcast_handing import HandingOut
from bot.broadcast_ways import Prices, Spreading
from bot.broadcasts import Broadcasts
from bot.model.clock import Clock
from bot.model.message import Situation
from bot.plan import Plan, routes_of, sms_rules
from bot.ports import Storage
from bot.purse import Budgets
from bot.reaching import Reach
from bot.text_check import rules_of


def broadcasts_for(plan: Plan, storage: Storage, reach: Reach, clock: Clock) -> Broadcasts:
    """What staff do with broadcasts."""
    zalo = next((each.settings for each in plan.channels if each.kind == "zalo"), None)
    template = getattr(zalo, "templates", {}).get(Situation.BROADCAST)
    prices = Prices(
        routes_of(plan),
        sms_rules(plan),
        zalo_late=getattr(zalo, "price_late", None) or 0,
        zalo_phone=getattr(template, "price_phone", None) or 0,
    )
    return Broadcasts(
        storage=storage,
        beneath=storage,
        spreading=Spreading(reach, has_sms=any(each.scheme == "sms" for each in plan.channels)),
        prices=prices,
        settings=plan.config.broadcasts,
        rules=rules_of(plan),
        clock=clock,
        budgets=Budgets(plan.config.budget),
    )


def handing_out_for(broadcasts: Broadcasts) -> HandingOut:
    """What moves approved ones forward."""
    accented = broadcasts.spreading.reach.planner.accented
    return HandingOut(broadcasts.pages, broadcasts.settings, accented, broadcasts.clock)
