"""Feedback under its receipt number, the satisfaction question, and chats that a clerk has taken over."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Score, Survey, SurveyTotals, Talk
from storage.edge import key_set, millis, moment
from storage.statements import Row, Statements

_FOREVER = 2**62


class Service:
    """`bot.ports.people.ServiceStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def add_feedback(self, feedback: Feedback, *, day: str, prefix: str) -> str:
        # The count stays locked until the transaction ends, so that one undone leaves no gap.
        last = await self._sql.value("next_number", prefix=prefix, day=day)
        number = f"{prefix}-{day}-{last:04}"
        await self._sql.change("feedback_add", **_feedback_row(replace(feedback, number=number)))
        return number

    async def feedback(self, number: str) -> Feedback | None:
        row = await self._sql.row("feedback_one", number=number)
        return feedback_of(row) if row else None

    async def feedbacks(
        self, *, agency: str = "", kind: FeedbackKind | None = None, is_open: bool = True, limit: int = 100
    ) -> list[Feedback]:
        query = "feedback_open" if is_open else "feedback_all"
        rows = await self._sql.rows(query, agency=agency, kind=str(kind or ""), most=limit)
        return [feedback_of(row) for row in rows]

    async def waiting_feedback(
        self, agencies: Collection[str], *, kind: FeedbackKind | None = None, limit: int
    ) -> list[Feedback]:
        rows = await self._sql.rows("feedback_waiting", **_scope(agencies), kind=str(kind or ""), most=limit)
        return [feedback_of(row) for row in rows]

    async def answered_feedback(
        self,
        agencies: Collection[str],
        *,
        kind: FeedbackKind | None = None,
        before: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[Feedback]:
        at, number = before or (None, "")
        rows = await self._sql.rows(
            "feedback_answered",
            **_scope(agencies),
            kind=str(kind or ""),
            before_at=to_millis(at) if at else _FOREVER,
            before=number,
            most=limit,
        )
        return [feedback_of(row) for row in rows]

    async def answer_feedback(self, number: str, answer: str, *, by: str, at: datetime) -> Feedback | None:
        rows = await self._sql.rows("feedback_answer", number=number, answer=answer, answered_by=by, at=to_millis(at))
        return feedback_of(rows[0]) if rows else None

    async def ask_survey(self, surveys: Sequence[Survey]) -> None:
        rows = [_survey_row(each) for each in surveys]
        rows.sort(key=lambda row: (row["source"], row["code"], row["address"]))
        await self._sql.change_many("survey_ask", rows)

    async def open_survey(self, address: Address, *, since: datetime, code: str = "") -> Survey | None:
        row = await self._sql.row("survey_open", address=address.key, since=to_millis(since), code=code)
        return survey_of(row) if row else None

    async def answer_survey(
        self, survey: Survey, *, score: Score | None = None, reason: str = "", at: datetime
    ) -> None:
        await self._sql.change(
            "survey_answer",
            source=survey.source,
            code=survey.code,
            address=survey.address.key,
            score=None if score is None else int(score),
            reason=reason,
            at=to_millis(at),
        )

    async def survey_totals(self, *, since: datetime) -> list[SurveyTotals]:
        rows = await self._sql.rows("survey_totals", since=to_millis(since))
        return [SurveyTotals(*row) for row in rows]

    async def begin_talk(self, talk: Talk) -> None:
        await self._sql.change(
            "talk_begin",
            address=talk.address.key,
            channel=talk.channel,
            agency=talk.agency,
            begun_at=to_millis(talk.begun_at),
            heard_at=to_millis(talk.heard_at),
            clerk=talk.clerk,
        )

    async def talk(self, address: Address) -> Talk | None:
        row = await self._sql.row("talk_of", address=address.key)
        return _talk_of(row) if row else None

    async def touch_talk(self, address: Address, *, at: datetime, clerk: str = "") -> None:
        await self._sql.change("talk_touch", address=address.key, at=to_millis(at), clerk=clerk)

    async def end_talk(self, address: Address) -> bool:
        return bool(await self._sql.change("talk_end", address=address.key))

    async def talks(self, *, limit: int) -> list[Talk]:
        return [_talk_of(row) for row in await self._sql.rows("talks_listed", most=limit)]

    async def talks_of(self, agencies: Collection[str], *, limit: int) -> list[Talk]:
        return [_talk_of(row) for row in await self._sql.rows("talks_of", **_scope(agencies), most=limit)]

    async def idle_talks(self, *, before: datetime) -> list[Talk]:
        return [_talk_of(row) for row in await self._sql.rows("talks_idle", before=to_millis(before))]


def _scope(agencies: Collection[str]) -> dict[str, Any]:
    return {"agencies": key_set(agencies), "everywhere": int(not agencies)}


def _feedback_row(feedback: Feedback) -> dict[str, Any]:
    return {
        "number": feedback.number,
        "kind": str(feedback.kind),
        "address": feedback.address.key,
        "channel": feedback.channel,
        "agency": feedback.agency,
        "code": feedback.code,
        "text": feedback.text,
        "name": feedback.name,
        "home": feedback.home,
        "phone": feedback.phone,
        "language": feedback.language,
        "at": to_millis(feedback.at),
        "answer": feedback.answer,
        "answered_at": millis(feedback.answered_at),
        "answered_by": feedback.answered_by,
    }


def feedback_of(row: Row) -> Feedback:
    return Feedback(
        number=row["number"],
        kind=FeedbackKind(row["kind"]),
        address=Address.of(row["address"]),
        channel=row["channel"],
        agency=row["agency"],
        code=row["code"],
        text=row["text"],
        name=row["name"],
        home=row["home"],
        phone=row["phone"],
        language=row["language"],
        at=from_millis(row["at"]),
        answer=row["answer"],
        answered_at=moment(row["answered_at"]),
        answered_by=row["answered_by"],
    )


def _survey_row(survey: Survey) -> dict[str, Any]:
    return {
        "source": survey.source,
        "code": survey.code,
        "address": survey.address.key,
        "agency": survey.agency,
        "asked_at": to_millis(survey.asked_at),
        "score": None if survey.score is None else int(survey.score),
        "reason": survey.reason,
        "answered_at": millis(survey.answered_at),
    }


def survey_of(row: Row) -> Survey:
    return Survey(
        source=row["source"],
        code=row["code"],
        address=Address.of(row["address"]),
        agency=row["agency"],
        asked_at=from_millis(row["asked_at"]),
        score=None if row["score"] is None else Score(row["score"]),
        reason=row["reason"],
        answered_at=moment(row["answered_at"]),
    )


def _talk_of(row: Row) -> Talk:
    return Talk(
        address=Address.of(row["address"]),
        channel=row["channel"],
        agency=row["agency"],
        begun_at=from_millis(row["begun_at"]),
        heard_at=from_millis(row["heard_at"]),
        clerk=row["clerk"],
        asked_at=moment(row["asked_at"]),
    )
