"""Everything that happened with a dossier as one list, newest first, each thing in a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.model.apology import Apology
from bot.model.audit import Entry
from bot.model.dossier import PLANNED, TOLD_ALONG, Change, ChangeKind
from bot.model.message import OutboxItem
from bot.model.service import Feedback, Survey
from bot.ports import LateEvent
from bot.ports.console import Asked, DossierStory, Outcomes, outcome_of
from bot.sentences import sentence_of
from bot.texts import Catalogue, show_moment
from bot.web.console.colleagues import called
from bot.web.console.entry_words import sentence_of as recorded
from bot.web.console.private import address_shown
from bot.web.console.show import fill

_SHOWN_LOOKS = 20
"""Of the looks of staff, the newest: who wants them all asks the record."""
_TAGS = {Outcomes.FAILED: "wrong", Outcomes.UNCERTAIN: "warn", Outcomes.ARRIVED: "good"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened."""

    at: datetime
    title: str
    kind: str
    """change | late | message | apology | feedback | survey | asked | look"""
    detail: str = ""
    href: str = ""
    """Below `/can-bo`; empty for none."""
    tag: str = ""
    mood: str = ""
    """wrong | warn | good | calm, of the tag and the dot."""
    sort: tuple[int, str] = field(default=(0, ""))


@dataclass(frozen=True, slots=True)
class Teller:
    """Puts a story into the words of one reader."""

    words: Mapping[str, Any]
    """Of `dossiers.toml`."""
    messages: Mapping[str, Any]
    """Of `messages.toml`."""
    record: Mapping[str, Any]
    """Of `record.toml`."""
    catalogue: Catalogue
    dialects: Mapping[str, str]
    is_whole: bool
    """She reads addresses in full."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What colleagues are called, by login."""

    def told(self, story: DossierStory) -> list[Moment]:
        """Newest first; what happened in one moment in the order in which it came about."""
        found = list(self._all(story))
        found.sort(key=lambda each: (each.at, each.sort), reverse=True)
        return found

    def _all(self, story: DossierStory) -> Iterator[Moment]:
        yield from (self._change(each) for each in story.changes)
        yield from (self._late(each) for each in story.late)
        yield from (self._message(each, len(story.parts.get(each.id, ()))) for each in story.messages)
        for apology in story.apologies:
            yield from self._apology(apology, story)
        for feedback in story.feedback:
            yield from self._feedback(feedback)
        for survey in story.surveys:
            yield from self._survey(survey)
        yield from (self._asked(each) for each in story.asked)
        yield from (
            Moment(at=at, kind="asked", title=self.words["wrong_factor"], mood="calm") for at in story.failed_at
        )
        looks = [entry for entry in story.looks if not entry.what.startswith("apology.")][:_SHOWN_LOOKS]
        yield from (self._look(each) for each in looks)

    def _change(self, change: Change) -> Moment:
        words = self.words["change"]
        title = words[change.kind]
        if change.kind in (ChangeKind.APPEARED, ChangeKind.STATUS):
            title = f"{title}: {self.catalogue.status(change.status_after)}"
        elif change.kind is ChangeKind.APPOINTMENT:
            before, after = show_moment(change.appointment_before), show_moment(change.appointment_after)
            title = f"{title}: {before or '–'} → {after or '–'}"
        untold = change.fate not in ("", PLANNED, TOLD_ALONG)
        detail = fill(self.words["not_told"], why=self._fate(change.fate)) if untold else ""
        return Moment(at=change.at, kind="change", title=title, detail=detail, sort=(1, f"{change.number:06}"))

    def _fate(self, fate: str) -> str:
        """In words where we have them; ours are English."""
        known: Mapping[str, str] = self.words["fate"]
        return next((words for beginning, words in known.items() if fate.startswith(beginning)), fate)

    def _late(self, event: LateEvent) -> Moment:
        said = [
            "" if event.status is None else self.catalogue.status(event.status, event.status_text),
            show_moment(event.appointment_at) if event.appointment_at else "",
        ]
        detail = ", ".join(filter(None, said))
        return Moment(at=event.seen_at, kind="late", title=self.words["late_event"], detail=detail, mood="calm")

    def _message(self, item: OutboxItem, parts: int) -> Moment:
        outcome = outcome_of(item.state)
        way = self.messages["scheme"].get(item.address.scheme, item.address.scheme)
        to = address_shown(item.address, is_whole=self.is_whole)
        title = fill(self.words["message"], what=self.messages["situation"][item.situation], way=way, to=to)
        dialect = self.dialects.get(item.gateway or item.channel, "")
        detail = sentence_of(item, self.catalogue.language, dialect)
        if parts > 1:
            detail = f"{detail} ({fill(self.messages['parts_of'], count=parts)})"
        return Moment(
            at=item.created_at, kind="message", title=title, detail=detail, href=f"/tin-nhan/{item.id}",
            tag=self.messages["outcome"][outcome], mood=_TAGS.get(outcome, "calm"), sort=(2, item.id),
        )  # fmt: skip

    def _apology(self, apology: Apology, story: DossierStory) -> Iterator[Moment]:
        for act in story.acts.get(apology.id, ()):
            who = self._who(act.by) or self.words["watch"]
            title = fill(self.words["apology"][act.what], id=apology.id, who=who)
            detail = fill(self.words["new_date"], old=show_moment(apology.old_at), new=show_moment(apology.new_at))
            yield Moment(
                at=act.at, kind="apology", title=title, detail=detail, href=f"/xin-loi/{apology.id}", sort=(2, "")
            )

    def _feedback(self, feedback: Feedback) -> Iterator[Moment]:
        title = fill(self.words["feedback"], number=feedback.number)
        yield Moment(at=feedback.at, kind="feedback", title=title, href=f"/hop-thu/phan-anh/{feedback.number}")
        if feedback.answered_at:
            answered = fill(
                self.words["feedback_answered"], number=feedback.number, who=self._who(feedback.answered_by)
            )
            yield Moment(at=feedback.answered_at, kind="feedback", title=answered, sort=(3, ""))

    def _survey(self, survey: Survey) -> Iterator[Moment]:
        if survey.answered_at and survey.score:
            title = fill(self.words["survey"], score=self.words["score"][str(int(survey.score))])
            yield Moment(at=survey.answered_at, kind="survey", title=title, detail=survey.reason)

    def _asked(self, asked: Asked) -> Moment:
        way = self.messages["scheme"].get(asked.address.scheme, asked.address.scheme)
        to = address_shown(asked.address, is_whole=self.is_whole)
        return Moment(at=asked.at, kind="asked", title=fill(self.words["asked"], way=way, to=to), mood="calm")

    def _who(self, by: str) -> str:
        return called(self.names, by, self.record["key"])

    def _look(self, entry: Entry) -> Moment:
        title = recorded(self.record, entry, self.names)
        return Moment(at=entry.at, kind="look", title=title, mood="calm", sort=(4, f"{entry.number:09}"))
