"""How satisfied somebody is with the handling of a dossier: answered once, with a reason if unhappy."""

from collections.abc import Mapping
from datetime import timedelta

from bot.conversation.concerned import only_asks
from bot.conversation.intents import Intent
from bot.conversation.turn import Dialogue, Feature, Turn
from bot.model.person import Address
from bot.model.service import Score, Survey
from bot.model.sms import unaccented

_LONGEST_REASON = 1_000
"""Characters of a reason that are kept."""

_SKIPS = frozenset({"bo qua", "skip", "khong", "khong a", "no"})


async def rate_open(turn: Turn, intent: Intent) -> bool:
    """Takes a bare 1, 2 or 3 for the answer to the question that stands open. False: none does, or it is no answer."""
    score = score_in(intent.text)
    survey = await _open(turn) if score else None
    if score is None or survey is None:
        return False
    turn.outcome = "rate"
    await _take(turn, survey, score)
    return True


def score_in(text: str) -> Score | None:
    """`1`, `2.`, `rất hài lòng`, `chua hai long`, `very satisfied`; None for anything else."""
    words = "".join(char if char.isalnum() else " " for char in unaccented(text[:60]).lower()).split()
    if {"long", "satisfied", "unsatisfied", "dissatisfied"} & set(words):
        if {"khong", "chua", "not", "unsatisfied", "dissatisfied"} & set(words):
            return Score.NOT_SATISFIED
        return Score.VERY_SATISFIED if {"rat", "very"} & set(words) else Score.SATISFIED
    return Score(int(words[0])) if len(words) == 1 and words[0] in ("1", "2", "3") else None


async def _rate(turn: Turn, intent: Intent) -> None:
    code = next((each.code for each in intent.codes if each.kind == "dossier"), "")
    survey = await _open(turn, code)
    if survey is None:
        turn.say("survey_none")
        return
    score = score_in(intent.rest)
    if score is None:
        options = [turn.option(f"rate_{each:d}", f"danh gia {each:d} {survey.code}") for each in Score]
        turn.say("survey_ask", options, code=survey.code)
        return
    await _take(turn, survey, score)


async def _take(turn: Turn, survey: Survey, score: Score) -> None:
    if survey.score is not None:
        turn.say("rated_before")
        return
    await turn.tx.service.answer_survey(survey, score=score, at=turn.now)
    if score is not Score.NOT_SATISFIED:
        turn.say("rated")
        return
    turn.say("rated_why")
    turn.expect("survey.reason", address=survey.address.key, code=survey.code)


async def _reason(turn: Turn, intent: Intent, slots: Mapping[str, str]) -> bool:
    """Whatever is written counts as the reason, but not another answer, and not a code alone."""
    if intent.name in ("rate", "number") or only_asks(intent):
        return False
    since = turn.now - timedelta(days=turn.manner.survey.days)
    survey = await turn.tx.service.open_survey(Address.of(slots["address"]), since=since, code=slots["code"])
    reason = "" if intent.word in _SKIPS else intent.text.strip()[:_LONGEST_REASON]
    if survey and reason:
        await turn.tx.service.answer_survey(survey, reason=reason, at=turn.now)
    turn.say("rated")
    return True


async def _open(turn: Turn, code: str = "") -> Survey | None:
    """The question that waits, wherever this person was asked: a message may have left by another way than this."""
    since = turn.now - timedelta(days=turn.manner.survey.days)
    if survey := await turn.tx.service.open_survey(turn.asker.address, since=since, code=code):
        return survey
    others = await turn.tx.privacy.addresses_of(turn.asker.phone) if turn.asker.phone else []
    for address in others:
        if survey := await turn.tx.service.open_survey(address, since=since, code=code):
            return survey
    return None


FEATURE = Feature(intents={"rate": _rate}, dialogues={"survey.reason": Dialogue(_reason, is_free=True)})
