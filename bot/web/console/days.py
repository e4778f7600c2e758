"""Deadlines as people count them: in working days of the agency's own calendar."""

from datetime import datetime

from bot.model.clock import VIETNAM
from bot.web.console.visit import Visit


def days_words(visit: Visit, agency: str, due_at: datetime, now: datetime) -> str:
    """How many working days are left, or how many it is late, in words."""
    words, calendar = visit.words["dossiers"], visit.app.calendars.of(agency)
    due, today = due_at.astimezone(VIETNAM).date(), now.astimezone(VIETNAM).date()
    if due_at < now and not calendar.working_days(due, today):
        return str(words["just_late"])
    if due_at < now:
        return str(words["days_late"]).format(days=calendar.working_days(due, today))
    if due == today:
        return str(words["due_today"])
    return str(words["days_left"]).format(days=calendar.working_days(today, due))
