"""Who counts the figures of the reports, and who makes reports of them, as the configuration asks for it."""

from bot.calendars import Calendars
from bot.model.clock import Clock
from bot.plan import Plan, rules_of
from bot.ports import Storage
from bot.report_counting import Counting
from bot.report_watch import ReportWatch
from bot.reports import Reports


def report_watch_for(plan: Plan, storage: Storage, *, clock: Clock) -> ReportWatch:
    """By the rules of the sources."""
    config = plan.config
    clocks = {each.name: rules_of(each).supplement_clock for each in plan.sources}
    counting = Counting(storage, Calendars(config.calendar), clocks, config.reports.feedback_days)
    return ReportWatch(storage, counting, config.reports, clock=clock)


def reports_for(plan: Plan, storage: Storage, clock: Clock) -> Reports:
    """With the tiers and the threshold of the configuration."""
    tiers = [each.tier for each in plan.config.reports.tiers]
    return Reports(storage, tiers, plan.config.deadlines.late_percent, clock)
