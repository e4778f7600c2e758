"""What all simulated providers share: takes messages, settles them in time, and tells the customer."""

import asyncio
import itertools
import time
from collections import Counter as Tally
from collections import OrderedDict
from collections.abc import Mapping

from adapters.fates import Fate, fate_of
from adapters.simulators.phones import Phones
from adapters.simulators.sms_http.callbacks import Callbacks
from adapters.simulators.sms_http.counter import Decision, ReceiptDue, Refused, Stand, Submission, Taken, Written
from adapters.simulators.sms_http.faults import Weather, cut, hang, stumble
from adapters.simulators.sms_http.journal import Journal
from adapters.simulators.sms_http.settings import Settings
from bot.model.clock import utc_now
from bot.model.ids import id_maker

_THROTTLES = 2
_REMEMBERED = 200_000
_FINAL = {Fate.UNDELIVERABLE: "undeliverable", Fate.EXPIRES: "expired"}


class Exchange:
    """The `Counter` of every stand. Lives as long as the simulator."""

    def __init__(
        self, settings: Settings, stands: Mapping[str, Stand], accounts: Mapping[str, Mapping[str, str]],
        *, journal: Journal, callbacks: Callbacks, weather: Weather,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.stands = stands
        self.accounts = accounts
        self.journal = journal
        self.phones = Phones()
        self.weather = weather
        self._callbacks = callbacks
        self._met: Tally[tuple[str, str, str]] = Tally()
        self._known: dict[tuple[str, str], str] = {}
        self._states: OrderedDict[tuple[str, str], str] = OrderedDict()
        self.new_mo_id = id_maker(utc_now)
        self._ids = itertools.count(int(time.time()) * 1_000)
        self._allowed: dict[str, tuple[float, float]] = {}
        self._timers: set[asyncio.TimerHandle] = set()

    async def take(self, submission: Submission) -> Decision:
        fault = self.weather.strikes()
        if fault and fault.kind == "hang":
            self._note(submission, "hang")
            await hang()
        if fault and fault.kind == "error":
            self._note(submission, "error")
            stumble()
        fate = self._fate(submission)
        why = (fault and fault.refusal) or self._refusal(submission, fate)
        if why:
            self._note(submission, why)
            return Refused(why, self._known.get((submission.provider, submission.request_id), ""))
        if fate is Fate.SWALLOWED:
            self._note(submission, "swallowed")
            await hang()
        taken = await self._taken(submission, fate)
        if fate is Fate.DROPPED or (fault and fault.kind == "cut"):
            cut()
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.latency)
        return taken

    def state(self, provider: str, message_id: str) -> str:
        return self._states.get((provider, message_id), "unknown")

    async def write_back(self, provider: str, written: Written, url: str) -> str | None:
        """A citizen writes. The reply in the customer's answer, where the provider takes one there; None where it
        takes none. Raises `ValueError` where the customer cannot be reached or answers in another format."""
        stand = self.stands[provider]
        self.phones.show(f"+{written.phone}", f"+{written.phone}", written.text, state="sent", at=written.at)
        facts = {"from": written.phone, "to": written.to, "text": written.text, "message_id": written.message_id}
        self.journal.note("mo", provider=provider, **facts)
        call = stand.written(written, url, self.accounts[provider]) if stand.written else None
        if call is None:
            raise ValueError(f"{provider} brings no messages of citizens")
        answer = await self._callbacks.make(call, kind="mo", provider=provider, message_id=written.message_id)
        if answer is None:
            raise ValueError("the customer does not answer 200")
        reply = stand.understood(answer) if stand.understood else None
        if reply:
            self.phones.show(f"+{written.phone}", written.to, reply, state="delivered", at=time.time())
            self.journal.note("reply_in_answer", provider=provider, message_id=written.message_id, text=reply)
        return reply

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _fate(self, submission: Submission) -> Fate:
        """Throttled and dropped numbers are so only for the first times that a text comes."""
        fate = fate_of(submission.phone)
        if fate not in (Fate.THROTTLED, Fate.DROPPED):
            return fate
        text = (submission.provider, submission.phone, submission.text)
        self._met[text] += 1
        return fate if self._met[text] <= (_THROTTLES if fate is Fate.THROTTLED else 1) else Fate.ARRIVES

    def _refusal(self, submission: Submission, fate: Fate) -> str:
        if fate is Fate.REFUSED:
            return "number"
        if fate is Fate.THROTTLED or not self._in_time(submission.provider):
            return "throttled"
        if submission.request_id and (submission.provider, submission.request_id) in self._known:
            return "duplicate"
        return ""

    def _in_time(self, provider: str) -> bool:
        """A bucket of one second's messages."""
        rate = self.settings.rate
        if not rate:
            return True
        now = time.monotonic()
        level, then = self._allowed.get(provider, (rate, now))
        level = min(max(rate, 1.0), level + (now - then) * rate)
        passes = level >= 1
        self._allowed[provider] = (level - passes, now)
        return passes

    async def _taken(self, submission: Submission, fate: Fate) -> Taken:
        message_id = str(next(self._ids))
        key = (submission.provider, message_id)
        if submission.request_id:
            self._known[submission.provider, submission.request_id] = message_id
        self._states[key] = "waiting"
        if len(self._states) > _REMEMBERED:
            self._states.popitem(last=False)
        self._note(submission, "taken", message_id)
        due = ReceiptDue(submission=submission, message_id=message_id, state=_FINAL.get(fate, "delivered"))
        if fate is Fate.HASTY:
            await self._settle(due)
        elif fate is Fate.SILENT:
            self._show(submission, "accepted")
        else:
            self._later(self.settings.slow_delay if fate is Fate.SLOW else self.settings.delay, due)
        return Taken(message_id, fate)

    def _later(self, seconds: float, due: ReceiptDue) -> None:
        def ripe() -> None:
            self._timers.discard(timer)
            self._callbacks.start(self._settle(due))

        timer = asyncio.get_running_loop().call_later(seconds, ripe)
        self._timers.add(timer)

    async def _settle(self, due: ReceiptDue) -> None:
        """The phone has it or will never have it; the customer is told where it asked to be."""
        submission = due.submission
        self._states[submission.provider, due.message_id] = due.state
        self._show(submission, "undelivered" if due.state == "undeliverable" else due.state)
        stand = self.stands[submission.provider]
        url = submission.callback or self.settings.callback
        call = stand.receipt(due, url, self.accounts[submission.provider]) if stand.receipt and url else None
        if call:
            await self._callbacks.make(call, kind="receipt", provider=submission.provider, message_id=due.message_id)

    def _show(self, submission: Submission, state: str) -> None:
        self.phones.show(f"+{submission.phone}", submission.sender, submission.text, state=state, at=time.time())

    def _note(self, submission: Submission, decision: str, message_id: str = "") -> None:
        self.journal.note(
            "submit",
            provider=submission.provider,
            **{"from": submission.sender},
            to=submission.phone,
            text=submission.text,
            request_id=submission.request_id,
            decision=decision,
            message_id=message_id,
        )
        self.journal.counts["accepted" if decision == "taken" else f"refused_{decision}"] += 1
