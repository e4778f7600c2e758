"""Plays a script on a running service: its dossiers come into the mirror, its people act, and what they read is checked."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.config import CalendarSettings
from bot.model.clock import VIETNAM
from bot.model.dossier import Dossier, Status
from bot.model.dossier import Step as Work
from bot.model.service import Talk
from bot.model.sms import segment, unaccented
from bot.working_days import working_days
from tests.scripts.people import PATIENCE, Citizen, Person, Seen
from tests.scripts.reading import Record, Reply, Script, Step, Who, acting
from tests.scripts.service import Service

_ECHO, _ECHO_HAS = "hướng dẫn sử dụng ạ", "OTP"
"""Asked at the end: its answer must be the first that comes."""
_CODE = re.compile(r"\d{6}")


class Departure(AssertionError):
    """What happened is not what the script says; the message shows how it came to that."""


@dataclass
class Play:
    """One script under way."""

    script: Script
    service: Service
    words: dict[str, str] = field(default_factory=dict)
    """What `{name}` stands for in the script's texts."""
    lines: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    citizens: dict[str, Citizen] = field(default_factory=dict)
    handsets: dict[str, Citizen] = field(default_factory=dict)
    dossiers: list[Dossier] = field(default_factory=list)
    labels: tuple[str, ...] = ()

    async def run(self) -> None:
        await self._set_the_stage()
        for number, step in enumerate(self.script.step, 1):
            self.lines.append(f"-- {number}: {step.model_dump(exclude_unset=True, exclude={'replies'})}")
            reader = await self._act(step)
            await self._check(reader, step.replies)
        for who in acting(self.script):
            await self._nothing_more(self._citizen(who))

    # Before it begins

    async def _set_the_stage(self) -> None:
        service = self.service
        # As offices write times: without seconds.
        now = service.clock().replace(second=0, microsecond=0)
        await service.read_sources()
        for word in ("owner", "stranger", "other"):
            self.people[word] = service.person()
        self.people["bound"] = self.people["owner"]
        self.dossiers = [self._dossier(record, now) for record in self.script.dossier]
        await service.has(*self.dossiers)
        owner = self.people["owner"]
        self.words |= {"phone": owner.dialled, "tail": owner.phone[-4:], "tail3": owner.phone[-3:]}
        for number, dossier in enumerate(self.dossiers, 1):
            self.words |= _dates(dossier, now, "" if number == 1 else str(number))
        if "bound" in acting(self.script):
            await self._bind(self._citizen("bound"))

    def _dossier(self, record: Record, now: datetime) -> Dossier:
        alike = record.model_dump(
            include={
                "code", "status_text", "agency", "agency_name", "procedure", "procedure_name", "applicant",
                "supplement", "reason", "place", "lookup_code", "id_tail",
            }
        )  # fmt: skip
        return Dossier(
            **alike,
            source="office" if record.fresh else "silent",
            status=Status(record.status),
            phone="" if record.phone == "none" else self.people[record.phone].phone,
            received_at=now + record.received,
            appointment_at=now + record.appointment if record.appointment is not None else None,
            progressed_at=now + record.received,
            steps=tuple(
                Work(
                    agency=each.agency,
                    task=each.task,
                    started_at=now + each.started,
                    due_at=now + each.due if each.due is not None else None,
                    ended_at=now + each.ended if each.ended is not None else None,
                )
                for each in record.step
            ),
        )

    async def _bind(self, citizen: Citizen) -> None:
        """As a citizen would: by the provider's word where it vouches for numbers, else by a code sent to the phone."""
        if citizen.is_sms:
            return
        if citizen.shares_phone:
            await citizen.share()
        else:
            await citizen.say(f"liên kết {citizen.person.dialled}")
            await citizen.read(1)
            (sent,) = await self._handset("owner").read(1)
            await citizen.say(_CODE.findall(sent.text)[0])
        replies = await citizen.read(1)
        self._note(replies)
        if not replies or "Đã liên kết" not in replies[-1].text:
            raise self._departure("the chat could not be bound")

    def _citizen(self, who: Who) -> Citizen:
        """Owner and bound owner are one, with one device."""
        word = "owner" if who == "bound" else who
        if word not in self.citizens:
            self.citizens[word] = self.service.citizen(self.people[word])
        return self.citizens[word]

    def _handset(self, who: Who) -> Citizen:
        """Who writes by SMS has only one phone."""
        word = "owner" if who == "bound" else who
        if self._citizen(who).is_sms:
            return self._citizen(who)
        if word not in self.handsets:
            self.handsets[word] = self.service.handset(self.people[word])
        return self.handsets[word]

    # Acts

    async def _act(self, step: Step) -> Citizen:
        """Does it; whose screen shows what comes of it."""
        citizen = self._citizen(step.by or self.script.person)
        if step.phone:
            return self._handset(step.phone)
        if step.say is not None:
            await citizen.say(self._filled(step.say))
        elif step.press is not None:
            label = self._filled(step.press)
            await citizen.press(label, self.labels.index(label) + 1)
        elif step.start is not None:
            await citizen.start(self._filled(step.start))
        elif step.wait is not None:
            await self.service.pass_(step.wait)
        elif step.office is not None:
            await self._office(step.office)
        elif not await self._clerk(step, citizen):
            acts = {"share": citizen.share, "fill": citizen.fill, "follow": citizen.follow, "leave": citizen.leave}
            (act,) = [each for each in ("share", "fill", "follow", "leave", "again") if getattr(step, each)]
            await (acts | {"again": citizen.again})[act]()
        return citizen

    async def _office(self, changes: Mapping[str, Any]) -> None:
        told = {"status": Status(changes["status"])} if "status" in changes else {}
        self.dossiers[0] = replace(self.dossiers[0], **{**changes, **told})
        await self.service.changes(self.dossiers[0])

    async def _clerk(self, step: Step, citizen: Citizen) -> bool:
        desk = self.service.app.desk
        if step.clerk_answers is not None:
            number = self.words["number"]
            feedback = await self.service.app.storage.read(lambda tx: tx.service.feedback(number))
            assert feedback, f"there is no feedback {number}"
            return await desk.answer(feedback, self._filled(step.clerk_answers), by="an")
        if step.clerk_says is not None:
            return await desk.reply(await self._talk(citizen), self._filled(step.clerk_says), by="an")
        if step.clerk_ends:
            return await desk.close(await self._talk(citizen))
        if step.clerk_sees:
            await self._wait_until_seen([self._filled(each) for each in step.clerk_sees], await self._talk(citizen))
            return True
        return False

    async def _wait_until_seen(self, fragments: Sequence[str], talk: Talk) -> None:
        """What somebody wrote into the silence is on its way to us for a moment."""
        said = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not all(each in said for each in fragments):
                    await asyncio.sleep(0.01)
                    said = "\n".join(line.text for line in await self.service.app.desk.thread(talk))
        if not all(each in said for each in fragments):
            raise self._departure(f"the clerk does not see {fragments} but {said}")

    async def _talk(self, citizen: Citizen) -> Talk:
        talks = await self.service.app.desk.talks()
        found = [talk for talk in talks if talk.address == citizen.address]
        if not found:
            raise self._departure("no conversation waits for a clerk")
        return found[0]

    # What is read

    async def _check(self, reader: Citizen, expected: Sequence[Reply]) -> None:
        seen = await reader.read(len(expected))
        self._note(seen)
        if len(seen) != len(expected):
            raise self._departure(f"{len(expected)} replies are expected, {len(seen)} came")
        for reply, message in zip(expected, seen, strict=True):
            self._compare(reader, reply, message)

    def _compare(self, reader: Citizen, reply: Reply, message: Seen) -> None:
        text = " ".join(message.text.split())
        plain = unaccented if reader.is_sms else str
        wanted = reply.sms if reader.is_sms and reply.sms is not None else reply.has
        missing = [each for each in wanted if plain(self._filled(each)) not in text]
        unwanted = [each for each in reply.lacks if plain(self._filled(each)) in text]
        if missing or unwanted:
            raise self._departure(f"missing: {missing}, unwanted: {unwanted}")
        if reader.is_sms:
            self._check_sms(message.text, reply.most_parts)
        self._check_buttons(reader, reply, message)
        for name, pattern in reply.take.items():
            found = re.search(pattern, text)
            if not found:
                raise self._departure(f"nothing fits {pattern}")
            self.words[name] = found[1]

    def _check_sms(self, text: str, most_parts: int) -> None:
        parts = segment(text).parts
        if len(parts) > most_parts:
            raise self._departure(f"{len(parts)} parts")
        if text != unaccented(text):
            raise self._departure("an SMS with accents")

    def _check_buttons(self, reader: Citizen, reply: Reply, message: Seen) -> None:
        if reply.buttons is not None:
            self.labels = tuple(map(self._filled, reply.buttons))
            if reader.has_buttons and message.buttons != self.labels:
                raise self._departure(f"buttons {self.labels} are expected, there are {message.buttons}")
            lines = [f"{number}. {label}" for number, label in enumerate(self.labels, 1)]
            if not (reader.has_buttons or reader.is_sms) and not all(line in message.text for line in lines):
                raise self._departure(f"the lines {lines} are expected")
        if message.asks_phone != (reply.asks_phone and reader.shares_phone):
            raise self._departure("the button for the own number")

    async def _nothing_more(self, citizen: Citizen) -> None:
        """Nothing has come that the script does not know of."""
        self.lines.append("-- end")
        await citizen.say(_ECHO)
        seen = await citizen.read(1)
        self._note(seen)
        if len(seen) != 1 or _ECHO_HAS not in seen[0].text:
            raise self._departure("something came that nobody expected, or the last question is not answered")

    def _filled(self, text: str) -> str:
        return text.format_map(self.words)

    def _note(self, seen: Sequence[Seen]) -> None:
        self.lines += [f"   {each.text}\n   {list(each.buttons)}" for each in seen]

    def _departure(self, why: str) -> Departure:
        return Departure("\n".join([*self.lines, f"!! {why}"]))


def _dates(dossier: Dossier, now: datetime, number: str) -> dict[str, str]:
    """`{received}`, `{appointment}`, `{days}` between now and then; with a number behind for the further dossiers."""
    shown = {f"code{number}": dossier.code}
    today = now.astimezone(VIETNAM).date()
    for name, moment in {"received": dossier.received_at, "appointment": dossier.appointment_at}.items():
        if moment:
            shown[f"{name}{number}"] = moment.astimezone(VIETNAM).strftime("%d/%m/%Y")
    if dossier.appointment_at:
        day = dossier.appointment_at.astimezone(VIETNAM).date()
        calendar = CalendarSettings()
        shown[f"days{number}"] = str(working_days(today, day, calendar) or working_days(day, today, calendar))
    return shown
