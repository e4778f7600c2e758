"""By when feedback is to be answered."""

from datetime import datetime, timedelta

from bot.calendars import Calendars
from bot.model.service import Feedback, FeedbackKind

ERASURE = timedelta(hours=72)
"""Luật 91/2025/QH15."""


def due_of(feedback: Feedback, calendars: Calendars, *, days: int) -> datetime:
    """`days`: working days for all but erasure. NĐ 20/2008/NĐ-CP Đ9 gives five to pass on what is for somebody else,
    and none to answer; offices that promise an answer promise the same five."""
    if feedback.kind is FeedbackKind.ERASURE:
        return feedback.at + ERASURE
    return calendars.of(feedback.agency).due(feedback.at, days)
