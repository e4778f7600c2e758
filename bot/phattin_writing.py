"""A broadcast begun by question and answer in a chat: for whom, to whom, in which words; tried there; submitted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.broadcast_words import SAID, STATES, counted, refused
from bot.broadcasts import Broadcasts
from bot.model.broadcast import Audience, Broadcast, BroadcastState, Lateness, Refusal
from bot.model.dossier import FINISHED, Status
from bot.model.sms import nfc, unaccented
from bot.model.staff import EVERYWHERE, Right
from bot.model.wording import Wording
from bot.phattin_asking import Asking, Told, audited
from bot.texts.findings import Severity

_OPEN = tuple(each for each in Status if each not in FINISHED)
_AUDIENCES: Mapping[str, Audience] = {
    "1": Audience(statuses=_OPEN),
    "2": Audience(lateness=Lateness.LATE),
    "3": Audience(lateness=Lateness.IN_TIME),
    "4": Audience(statuses=(Status.DONE,)),
}
_PROVINCE = "TINH"
"""Instead of an agency's code."""
_AGENCY = re.compile(r"[A-Z0-9]{1,20}(\.[A-Z0-9]{1,20}){0,8}")


@dataclass(frozen=True, slots=True)
class Writing:
    """Begins a broadcast by question and answer: for whom, to whom, in which words; tried; submitted."""

    broadcasts: Broadcasts
    asking: Asking

    def begun(self) -> Told:
        said, scope = SAID[self.asking.language], self.asking.member.scope(Right.WORK)
        if not scope.agencies:
            return Told(said["no_right"])
        example = next((each for each in scope.agencies if each), "H32.10")
        asked = [said["ask_agency"].format(agency=example), *([said["ask_province"]] if scope.is_everywhere else [])]
        return Told(" ".join(asked), {"step": "agency"})

    async def answered(self) -> Told:
        said, slots = SAID[self.asking.language], self.asking.state.slots
        if self.asking.words == ["huy"]:
            return await self._dropped()
        match slots.get("step"):
            case "agency":
                return self._agency()
            case "audience":
                return self._audience()
            case "text":
                return await self._text()
            case "send":
                return await self._sent()
            case _:
                return Told(said["help"])

    def _agency(self) -> Told:
        said, agency = SAID[self.asking.language], self.asking.message.text.strip().upper()
        if unaccented(nfc(agency)).upper() == _PROVINCE:
            agency = EVERYWHERE
        elif not _AGENCY.fullmatch(agency):
            return Told(said["no_right"], {"step": "agency"})
        if not self.asking.member.may(Right.WORK, agency):
            return Told(said["no_right"], {"step": "agency"})
        return Told(said["ask_audience"], {"step": "audience", "agency": agency})

    def _audience(self) -> Told:
        said, choice = SAID[self.asking.language], self.asking.message.text.strip()
        if choice not in _AUDIENCES:
            return Told(said["ask_audience"], self.asking.state.slots)
        return Told(said["ask_text"].format(), {**self.asking.state.slots, "step": "text", "audience": choice})

    async def _text(self) -> Told:
        """Makes the draft, counts it, and tries it in this very chat."""
        said, slots, by = SAID[self.asking.language], self.asking.state.slots, self.asking.member.login
        agency, text = slots["agency"], nfc(self.asking.message.text.strip())
        if not self.asking.member.may(Right.WORK, agency):
            return Told(said["no_right"])
        wording = Wording(chat=text, sms=text)
        unkept = Broadcast(
            id="", title="", agency=agency, wording=wording, audience=_AUDIENCES[slots["audience"]],
            made_at=self.broadcasts.clock(), made_by=by,
        )  # fmt: skip
        if errors := [each for each in self.broadcasts.findings(unkept) if each.severity is Severity.ERROR]:
            told = [getattr(each, self.asking.language) for each in errors]
            return Told("\n".join([said["errors"], *(f"– {each}" for each in told), said["again"]]), slots)
        return await self._drafted(unkept)

    async def _drafted(self, unkept: Broadcast) -> Told:
        by = self.asking.member.login
        made = await self._recorded("made", unkept).begin(
            title=" ".join(unkept.wording.chat.split())[:60], agency=unkept.agency, by=by
        )
        changed = await self._recorded("changed", made).change(
            made.id, revision=made.revision, by=by, wording=unkept.wording, audience=unkept.audience
        )
        drawn = await self._recorded("drawn", made).draw_up(made.id, by=by) if changed else changed
        to = self.asking.message.sender
        tested = await self._recorded("tested", made).test(made.id, to=to, by=by) if drawn else drawn
        if isinstance(tested, Refusal):
            return Told(refused(tested, self.asking.language))
        count = counted(tested, self.asking.language)
        said = SAID[self.asking.language]["tried"].format(id=made.id, count=count)
        return Told(said, {"step": "send", "id": made.id})

    async def _sent(self) -> Told:
        said, language, slots = SAID[self.asking.language], self.asking.language, self.asking.state.slots
        found = await self.broadcasts.get(slots["id"])
        if self.asking.words != ["gui"] or found is None:
            return Told(said["again"], slots)
        if not self.asking.member.may(Right.WORK, found.agency):
            return Told(said["no_right"])
        answer = await self._recorded("submitted", found).submit(found.id, by=self.asking.member.login)
        if isinstance(answer, Refusal):
            return Told(refused(answer, language))
        return Told(said["submitted"].format(id=answer.id, state=STATES[language][answer.state]))

    async def _dropped(self) -> Told:
        by, slots = self.asking.member.login, self.asking.state.slots
        found = await self.broadcasts.get(slots["id"]) if "id" in slots else None
        if found and found.state is BroadcastState.DRAFT:
            await self._recorded("cancelled", found).cancel(found.id, by=by)
        return Told(SAID[self.asking.language]["dropped"])

    def _recorded(self, done: str, about: Broadcast) -> Broadcasts:
        return audited(self.broadcasts, self.asking, f"broadcast.{done}", about)
