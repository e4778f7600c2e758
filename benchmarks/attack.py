"""What 10,000 guesses teach an attacker, and what they do to honest citizens: `python -m benchmarks.attack [GUESSES]`.

200 senders guess at a mirror of 1,000 dossiers in a SQLite file, through the whole conversation. Half of the codes
that they guess exist; four in ten come with a wrong factor. Meanwhile 50 citizens ask for their own dossiers: by SMS,
in chats bound to their phones, and in the web chat with a right factor. Once for each setting for strangers:

* learnt: answers to codes that exist which no code that does not exist is given; of those the ones with more than a
  level of completion. In the strict setting both are 0, and the texts and their lengths are the same sets;
* p: Mann-Whitney's U over the time of handling, codes that exist against codes that do not, in mixed order; of the
  attempts that were looked up, and of those that were held up. Below 0.001 the two could be told apart;
* alarm: seconds from the first guess, on the attack's own clock (8.3 guesses a second; the waits would otherwise take
  days), with the watch looking every 10 seconds of it;
* citizens: how many were answered in full, at the first time of asking.

Prints one JSON object. Ends with 1 where a promise is broken.
"""

import asyncio
import json
import random
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.attack_judge import Guess, Outcome, verdict
from bot.config import ConversationSettings, LookupSettings, Strangers
from bot.conversation import Conversation, Manner
from bot.guess_watch import GuessWatch
from bot.model.clock import utc_now
from bot.model.dossier import Dossier, Status
from bot.model.ids import id_maker
from bot.model.message import InboundMessage
from bot.model.person import Address, Binding, Proof
from bot.ports import Mirrored, SourceState, Storage
from storage import open_storage

BEGIN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
APPOINTMENT = datetime(2031, 8, 30, 9, 30, tzinfo=UTC)
DETAILS = re.compile("30/08/2031|7391|Bí Mật|Bi Mat|A3f9")
"""What stands in a dossier beside its level of completion."""
HELD = re.compile("thử lại sau|thu lai sau")
PER_SECOND = 25 / 3
WATCH_EVERY = 10.0
_FACTORS = 0.4
"""Share of guesses that come with one."""


@dataclass(frozen=True, slots=True)
class Scale:
    guesses: int = 10_000
    dossiers: int = 1_000
    senders: int = 200
    citizens: int = 50


class Run:
    """The attack in one setting."""

    def __init__(self, storage: Storage, scale: Scale, strangers: Strangers) -> None:
        self.storage = storage
        self.scale = scale
        self.chance = random.Random(20261123)
        self.now = BEGIN
        self.outcome = Outcome(strangers, scale.citizens)
        self.numbers = 0
        rules = LookupSettings(strangers=strangers)
        self.watch = GuessWatch(self.storage, rules, ConversationSettings(), clock=self.clock)
        manner = Manner(
            example="H56.14-240823-0001",
            plain={"sms": True},
            buttons={"telegram": True},
            stale_after={"office": timedelta(days=1)},
            sms=lambda agency, phone: ("", "sms"),
            lookup=rules,
            is_tightened=lambda: self.watch.is_on,
        )
        self.conversation = Conversation(self.storage, manner, clock=self.clock, new_id=id_maker(utc_now))

    def clock(self) -> datetime:
        return self.now

    async def go(self) -> None:
        await self._fill()
        scale, looked_at = self.scale, BEGIN
        senders = [self._attacker(number) for number in range(scale.senders)]
        for number in range(scale.guesses):
            self.now = BEGIN + timedelta(seconds=number / PER_SECOND)
            if (self.now - looked_at).total_seconds() >= WATCH_EVERY:
                looked_at = self.now
                await self._look()
            address, network = senders[number % scale.senders]
            await self._guess(address, network)
            if number % (scale.guesses // scale.citizens) == 0:
                await self._citizen(number // (scale.guesses // scale.citizens))

    async def _fill(self) -> None:
        dossiers = [dossier(number) for number in range(self.scale.dossiers)]
        state = SourceState(None, BEGIN, BEGIN, fresh_at=BEGIN)
        await self.storage.write(lambda tx: tx.dossiers.add([Mirrored.of(each, 1) for each in dossiers], at=BEGIN))
        await self.storage.write(lambda tx: tx.sources.save("office", state))

    def _attacker(self, number: int) -> tuple[Address, str]:
        """Two fifths by the web from a few networks, two fifths by Telegram, the rest from phones on no dossier."""
        if number % 5 < 2:
            return Address("webchat", f"{number:032x}"), f"203.0.113.{number % 40}"
        if number % 5 < 4:
            return Address("telegram", str(7_000_000 + number)), ""
        return Address("sms", f"+8498{number:07}"), ""

    async def _look(self) -> None:
        await self.watch.look()
        if self.watch.is_on and self.outcome.alarm_after is None:
            self.outcome.alarm_after = (self.now - BEGIN).total_seconds()

    async def _guess(self, sender: Address, network: str) -> None:
        exists = self.chance.random() < 0.5
        number = self.chance.randrange(self.scale.dossiers) + (0 if exists else self.scale.dossiers)
        code = code_of(number)
        factor = f" {self._wrong_factor(number)}" if self.chance.random() < _FACTORS else ""
        answer, seconds = await self._said(f"HS {code}{factor}", sender, network)
        plain = answer.replace(code, "CODE")
        self.outcome.guesses.append(
            Guess(
                exists=exists,
                is_plain=sender.scheme == "sms",
                is_held=bool(HELD.search(plain)),
                text=re.sub(r"\d+", "N", plain),
                shape=len(plain),
                has_details=bool(DETAILS.search(plain)),
                code=code,
                seconds=seconds,
            )
        )

    def _wrong_factor(self, number: int) -> str:
        """Four digits or a mã tra cứu. Right ones are left out: see `luck` for how many there would have been."""
        wrong = {phone_of(number)[-4:], paper_of(number), secret_of(number)}
        while (factor := self._any_factor()) in wrong:
            pass
        return factor

    def _any_factor(self) -> str:
        if self.chance.random() < 0.8:
            return f"{self.chance.randrange(10_000):04}"
        return "a" + "".join(self.chance.choice("0123456789abcdef") for _ in range(3))

    async def _citizen(self, number: int) -> None:
        """A third writes from the phone on the dossier, a third from a bound chat, a third names a right factor."""
        own = number * 7 % self.scale.dossiers
        text, sender, network = f"HS {code_of(own)}", Address("sms", phone_of(own)), ""
        if number % 3 == 1:
            sender = Address("telegram", str(9_000_000 + number))
            bound = Binding(sender, phone_of(own), Proof.CONTACT, BEGIN, BEGIN, "telegram")
            await self.storage.write(lambda tx: tx.people.bind(bound))
        elif number % 3 == 2:
            factor = (secret_of(own), phone_of(own)[-4:], paper_of(own))[number // 3 % 3]
            text, sender = f"{text} {factor}", Address("webchat", f"{10**6 + number:032x}")
            network = f"198.51.100.{number}"
        answer, _ = await self._said(text, sender, network)
        self.outcome.answered += "30/08/2031" in answer

    async def _said(self, text: str, sender: Address, network: str) -> tuple[str, float]:
        """The answers, and how long it took until they were durable."""
        self.numbers += 1
        message = InboundMessage(
            channel=sender.scheme,
            message_id=str(self.numbers),
            sender=sender,
            text=text,
            at=self.now,
            network=network,
        )
        began = time.perf_counter()
        await self.conversation.handle([message])
        seconds = time.perf_counter() - began
        origin = f"inbound:{sender.scheme}:{self.numbers}"
        items = await self.storage.read(lambda tx: tx.outbox.of_origins([origin]))
        return "\n".join(item.text for item in items), seconds


def code_of(number: int) -> str:
    return f"H32.15-261122-{number:04}"


def phone_of(number: int) -> str:
    return f"+84912{number * 7919 % 1_000_000:06}"


def paper_of(number: int) -> str:
    return f"{number * 6271 % 10_000:04}"


def secret_of(number: int) -> str:
    return f"b{number:03x}"


def dossier(number: int) -> Dossier:
    statuses = (Status.RECEIVED, Status.PROCESSING, Status.REGISTERED, Status.PAYMENT)
    return Dossier(
        source="office",
        code=code_of(number),
        status=statuses[number % len(statuses)],
        agency="H32.15",
        agency_name="UBND phường Bí Mật",
        procedure_name="Thủ tục 7391",
        applicant="Nguyễn Bí Mật",
        phone=phone_of(number),
        received_at=BEGIN - timedelta(days=3),
        appointment_at=APPOINTMENT,
        lookup_code=secret_of(number),
        id_tail=paper_of(number),
    )


async def attack(strangers: Strangers, scale: Scale) -> dict[str, Any]:
    """One setting, in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="motcua-attack-") as place:
        async with open_storage(f"sqlite:{Path(place) / 'motcua.db'}") as storage:
            await storage.migrate()
            run = Run(storage, scale, strangers)
            await run.go()
            return verdict(run.outcome)


async def main(scale: Scale) -> int:
    verdicts = {each.value: await attack(each, scale) for each in Strangers}
    print(json.dumps(verdicts, indent=2, ensure_ascii=False))
    return 1 if any(each["broken"] for each in verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Scale(guesses=int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))))
