"""Plays a script on a running service: dossiers come into the mirror, people act, and what they read is checked."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from bot.model.dossier import Dossier, Status
from bot.model.service import Talk
from tests.scripts.comparing import differences, filled, taken
from tests.scripts.people import PATIENCE, Citizen, Person, Seen
from tests.scripts.reading import Reply, Script, Step, Who, acting
from tests.scripts.service import Service
from tests.scripts.staging import dossier_of, words_for

_ECHO, _ECHO_HAS = "hướng dẫn sử dụng ạ", "OTP"
"""Asked at the end: its answer must be the first that comes."""
_CODE = re.compile(r"\d{6}")
_DEEDS = ("share", "fill", "follow", "leave", "again")
"""Acts without words, by the names of the citizen's methods."""


class DepartureError(AssertionError):
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
    """Of the buttons that were shown last."""

    async def run(self) -> None:
        """Raises `DepartureError`."""
        self.lines.append(self.script.title)
        await self._set_the_stage()
        for number, step in enumerate(self.script.step, 1):
            self.lines.append(f"-- {number}: {step.model_dump(exclude_unset=True, exclude={'replies'})}")
            reader = await self._act(step)
            await self._check(reader, step.replies)
        for who in acting(self.script):
            await self._nothing_more(self._citizen(who))

    # Before it begins

    async def _set_the_stage(self) -> None:
        await self.service.read_sources()
        self.people = {word: self.service.person() for word in ("owner", "stranger", "other")}
        self.people["bound"] = self.people["owner"]
        # As offices write times: without seconds.
        now = self.service.clock().replace(second=0, microsecond=0)
        self.dossiers = [dossier_of(record, self.people, now) for record in self.script.dossier]
        self.words = words_for(self.people["owner"], self.dossiers, now)
        await self.service.has(*self.dossiers)
        if "bound" in acting(self.script):
            await self._bind(self._citizen("bound"))

    async def _bind(self, citizen: Citizen) -> None:
        """As a citizen would: by the provider's word where it vouches for numbers, else by a code sent to the phone."""
        if citizen.is_sms:
            return
        if citizen.shares_phone:
            await citizen.share()
        else:
            await citizen.say(f"liên kết {citizen.person.dialled}")
            await citizen.read(1)
            sent = await self._handset("owner").read(1)
            await citizen.say(_CODE.findall(sent[0].text)[0] if sent else "")
        replies = await citizen.read(1)
        if not replies or "Đã liên kết" not in replies[-1].text:
            self._note(replies)
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
        elif deed := next((each for each in _DEEDS if getattr(step, each)), ""):
            await getattr(citizen, deed)()
        else:
            await self._clerk(step, citizen)
        return citizen

    async def _office(self, changes: Mapping[str, Any]) -> None:
        told = {"status": Status(changes["status"])} if "status" in changes else {}
        self.dossiers[0] = replace(self.dossiers[0], **{**changes, **told})
        await self.service.changes(self.dossiers[0])

    async def _clerk(self, step: Step, citizen: Citizen) -> None:
        desk = self.service.app.desk
        if step.clerk_answers is not None:
            number = self.words["number"]
            feedback = await self.service.app.storage.read(lambda tx: tx.service.feedback(number))
            assert feedback, f"there is no feedback {number}"
            await desk.answer(feedback, self._filled(step.clerk_answers), by="an")
        elif step.clerk_says is not None:
            await desk.reply(await self._talk(citizen), self._filled(step.clerk_says), by="an")
        elif step.clerk_ends:
            await desk.close(await self._talk(citizen))
        elif step.clerk_sees:
            await self._wait_until_seen(filled(step.clerk_sees, self.words), await self._talk(citizen))

    async def _talk(self, citizen: Citizen) -> Talk:
        talks = await self.service.app.desk.talks()
        found = [talk for talk in talks if talk.address == citizen.address]
        if not found:
            raise self._departure("no conversation waits for a clerk")
        return found[0]

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

    # What is read

    async def _check(self, reader: Citizen, expected: Sequence[Reply]) -> None:
        seen = await reader.read(len(expected))
        self._note(seen)
        if len(seen) != len(expected):
            raise self._departure(f"{len(expected)} replies are expected, {len(seen)} came")
        for reply, message in zip(expected, seen, strict=True):
            if wrong := list(differences(reader, reply, message, self.words)):
                raise self._departure("; ".join(wrong))
            self.words |= taken(reply, message)
            self.labels = filled(reply.buttons, self.words) if reply.buttons is not None else self.labels

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

    def _departure(self, why: str) -> DepartureError:
        return DepartureError("\n".join([*self.lines, f"!! {why}"]))
