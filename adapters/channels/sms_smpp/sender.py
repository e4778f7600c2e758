"""Hands one message to the SMSC, part by part, and says what became of it."""

import asyncio
import re
from collections.abc import Callable
from functools import partial

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.composing import Composed, Composer
from adapters.channels.sms_smpp.inquiry import Inquiry
from adapters.channels.sms_smpp.outcomes import Ruling, Rulings, Verdict, refusal
from adapters.channels.sms_smpp.pace import Pace
from adapters.channels.sms_smpp.pool import Pool
from adapters.channels.sms_smpp.receipt_ids import IdForm
from adapters.channels.sms_smpp.recollection import Recollection
from adapters.channels.sms_smpp.window import Answer, Result, Unanswered, Unsent
from bot.model.message import Accepted, ChannelDown, OutboxItem, Outcome, Rejected, Retry, Uncertain

_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_PATIENCE = 12.0
"""Seconds in which a later part of a long message is offered again while the SMSC says "not now"."""
_TURN = 5.0
"""Most seconds a message waits here for its turn when we have been slowed down; then it waits in the outbox."""


class SmppSender:
    """The parts of one message go one after the other, so that a refused part leaves nothing dangling behind it;
    the window is filled by many messages at once."""

    def __init__(
        self,
        composer: Composer,
        pool: Pool,
        pace: Pace,
        *,
        rulings: Rulings,
        ids: IdForm,
        recollection: Recollection,
        inquiry: Inquiry,
    ) -> None:
        self._composer = composer
        self._pool = pool
        self._pace = pace
        self._rulings = rulings
        self._ids = ids
        self._recollection = recollection
        self._inquiry = inquiry

    async def send(self, item: OutboxItem) -> Outcome:
        if not _NUMBER.fullmatch(item.address.value):
            return Rejected("the address is not an international number")
        if self._pool.session is None and await self._pool.started() is None:
            return ChannelDown(f"not bound: {self._pool.trouble}")
        composed = self._composer.compose(item)
        if isinstance(composed, str):
            return Rejected(composed)
        if wait := await self._pace.turn(composed.parts, longest=_TURN):
            return Retry("the SMSC slowed us down", wait, counts=False)
        self._recollection.sent(item.id, item.address.value)
        return await self._submit_all(item, composed)

    def begin(self, item: OutboxItem, answered: Callable[[Outcome], None]) -> bool:
        """As `bot.ports.QuickSender`: a message of one part, while a session has room and nothing holds us back."""
        session = self._pool.session
        if session is None or session.room <= 0 or self._pace.rate or not _NUMBER.fullmatch(item.address.value):
            return False
        composed = self._composer.compose(item)
        if isinstance(composed, str) or len(composed.bodies) > 1:
            return False
        self._pace.count(composed.parts)
        self._recollection.sent(item.id, item.address.value)
        session.put(composed.bodies[0], item.id, partial(self._ended, item, composed, answered))
        return True

    def _ended(self, item: OutboxItem, composed: Composed, answered: Callable[[Outcome], None], result: Result) -> None:
        answered(self._outcome(item, composed, result))

    def _outcome(self, item: OutboxItem, composed: Composed, result: Result) -> Outcome:
        """What became of a message of one part."""
        if isinstance(result, Unsent) and self._pool.session is not None:
            # Another connection takes it.
            return Retry(result.reason, 0.0, counts=False)
        if not isinstance(result, Answer):
            return self._unanswered(result, 1, [])
        if result.status == spec.OK:
            reason = ""
        else:
            ruling = self._rulings.of(result.status)
            if ruling.verdict is not Verdict.DUPLICATE:
                return self._refused(result.status, ruling, 1, [])
            reason = spec.status_name(result.status)
        if taken := self._noted(item, composed, result.message_id):
            self._recollection.known(item.id)
            return Accepted((taken,), reason=reason)
        return Accepted((), reason=reason)

    async def _submit_all(self, item: OutboxItem, composed: Composed) -> Outcome:
        taken: list[str] = []
        reason = ""
        for number, body in enumerate(composed.bodies, 1):
            # Only the last part's late answer would make the whole message accepted.
            token = item.id if number == len(composed.bodies) else ""
            answer = await self._offer(body, token, patient=bool(taken))
            if not isinstance(answer, Answer):
                return self._unanswered(answer, number, taken)
            if answer.status != spec.OK:
                ruling = self._rulings.of(answer.status)
                if ruling.verdict is not Verdict.DUPLICATE:
                    return self._refused(answer.status, ruling, number, taken)
                reason = spec.status_name(answer.status)
            taken.append(self._noted(item, composed, answer.message_id))
        if all(taken):
            self._recollection.known(item.id)
        return Accepted(_ids(taken), reason=reason)

    def _noted(self, item: OutboxItem, composed: Composed, message_id: str) -> str:
        reference = self._ids.of_response(message_id)
        self._inquiry.accepted(item.id, message_id, reference, composed.source)
        return reference

    async def _offer(self, body: bytes, token: str, *, patient: bool) -> Result:
        """Submits a part. Where earlier parts are gone already (`patient`), "not now" is asked again here:
        a refused part was not sent, and the citizen has the beginning of the text."""
        waited, pause = 0.0, 1.0
        while True:
            answer = await self._pool.submit(body, token)
            if not patient or not isinstance(answer, Answer) or answer.status == spec.OK:
                return answer
            ruling = self._rulings.of(answer.status)
            if ruling.verdict not in (Verdict.THROTTLED, Verdict.RETRY):
                return answer
            if ruling.verdict is Verdict.THROTTLED:
                self._pace.throttled()
            pause = max(pause, ruling.after or 0.0)
            if waited >= _PATIENCE or pause > _PATIENCE:
                return answer
            await asyncio.sleep(pause)
            waited, pause = waited + pause, pause * 2

    def _unanswered(self, result: Unanswered | Unsent, number: int, taken: list[str]) -> Outcome:
        if isinstance(result, Unsent) and not taken:
            return ChannelDown(result.reason)
        return Uncertain(_at_part(number, result.reason), _ids(taken))

    def _refused(self, status: int, ruling: Ruling, number: int, taken: list[str]) -> Outcome:
        if taken:
            return Uncertain(_at_part(number, spec.status_name(status)), _ids(taken))
        after = self._pace.throttled() if ruling.verdict is Verdict.THROTTLED else 0.0
        return refusal(status, ruling, after=after)


def _ids(taken: list[str]) -> tuple[str, ...]:
    """The ids of the parts that were taken; some SMSCs give none."""
    return tuple(filter(None, taken))


def _at_part(number: int, reason: str) -> str:
    return f"part {number}: {reason}"
