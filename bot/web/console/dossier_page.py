"""A dossier's page: how it stands, who holds it, who is told, and everything that happened as one list."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.model.apology import ApologyState, is_postponed, is_running
from bot.model.dossier import FINISHED, Dossier, Status
from bot.model.person import Address, Preference
from bot.model.phone import parse_phone
from bot.model.staff import Right
from bot.ports import Transaction
from bot.ports.console import DossierStory
from bot.ports.unwanted import Unwanted
from bot.sentences import dialects_of
from bot.texts import Catalogue, show_moment
from bot.web.console.days import days_words
from bot.web.console.private import address_shown, phone_shown
from bot.web.console.show import fill
from bot.web.console.timeline import Teller
from bot.web.console.visit import Visit, missing


@dataclass(frozen=True, slots=True)
class Seen:
    """A dossier as its page needs it."""

    dossier: Dossier
    story: DossierStory
    as_of: datetime | None
    preference: Preference | None
    unwanted: Unwanted | None
    """The number's entry on the do-not-send list."""

    @property
    def phone(self) -> str:
        return phone_of(self.dossier)


async def show(visit: Visit) -> web.Response:
    """The whole page. That she looked is recorded, and whether she saw the number."""
    seen = await see(visit, Right.SEE)
    dossier = seen.dossier
    is_whole = visit.me.may(Right.WORK, dossier.agency)
    await visit.looked("dossier.looked", dossier.code, agency=dossier.agency, source=dossier.source, whole=is_whole)
    return page_of(visit, seen, is_whole=is_whole)


async def see(visit: Visit, right: Right) -> Seen:
    """Raises `RefusedError` where there is none, or not for her."""
    source, code = visit.part("source"), visit.part("code")

    async def read(tx: Transaction) -> Seen:
        dossier = (await tx.dossiers.get_many(source, [code])).get(code)
        if dossier is None:
            raise missing()
        visit.require(right, dossier.agency)
        phone = phone_of(dossier)
        state = await tx.sources.get(source)
        return Seen(
            dossier,
            await tx.console.story(source, code, phone=phone),
            (state.fresh_at or state.synced_at) if state else None,
            await tx.people.preference(phone) if phone else None,
            await tx.console.unwanted(Address("sms", phone)) if phone else None,
        )

    return await visit.storage.read(read)


def page_of(
    visit: Visit, seen: Seen, *, is_whole: bool, error: str = "", reason: str = "", status: int = 200
) -> web.Response:
    words, catalogue = visit.words["dossiers"], Catalogue.load(visit.language)
    dossier, now = seen.dossier, visit.console.clock()
    teller = Teller(
        words,
        visit.words["messages"],
        visit.words["record"],
        catalogue,
        dialects_of(visit.app.plan),
        is_whole,
        visit.names,
    )
    late = dossier.due_at is not None and is_running(dossier) and dossier.due_at < now
    return visit.page(
        "dossier.html",
        status=status,
        d=dossier,
        status_words=catalogue.status(dossier.status, dossier.status_text),
        clock_words=_clock_words(visit, dossier, now),
        is_late=late,
        steps=[(step, catalogue.status(step.status) if step.status is not None else "") for step in dossier.steps],
        dates=_reappointments(seen.story, words["by_source"]),
        told=_told(visit, seen, is_whole=is_whole),
        phone=phone_shown(dossier.phone, is_whole=is_whole),
        has_phone=bool(seen.phone),
        seen=seen,
        moments=teller.told(seen.story),
        may_work=is_whole,
        may_apologise=is_whole and is_running(dossier),
        error=error,
        typed=reason,
    )


def phone_of(dossier: Dossier) -> str:
    """E.164; empty where there is none that can be read."""
    parsed = parse_phone(dossier.phone) if dossier.phone else None
    return parsed.e164 if parsed else ""


def _clock_words(visit: Visit, dossier: Dossier, now: datetime) -> str:
    """How much time is left, or why none runs."""
    words = visit.words["dossiers"]
    if dossier.status in FINISHED:
        return ""
    if dossier.status is Status.SUPPLEMENT:
        return str(words["stands"])
    if dossier.paused_at is not None:
        return fill(words["paused"], when=show_moment(dossier.paused_at))
    return days_words(visit, dossier.agency, dossier.due_at, now) if dossier.due_at else ""


def _reappointments(story: DossierStory, by_source: str) -> list[tuple[datetime | None, datetime | None, str]]:
    """(old date, new date, by whom), oldest first."""
    ours = [
        (each.decided_at or each.drafted_at, (each.old_at, each.new_at, each.id))
        for each in story.apologies
        if each.state is ApologyState.APPROVED
    ]
    theirs = [
        (each.at, (each.appointment_before, each.appointment_after, by_source))
        for each in story.changes
        if is_postponed(each)
    ]
    return [dates for _, dates in sorted([*ours, *theirs], key=lambda pair: pair[0])]


def _told(visit: Visit, seen: Seen, *, is_whole: bool) -> list[str]:
    """Who is told of it, by which way."""
    words, schemes = visit.words["dossiers"], visit.words["messages"]["scheme"]

    def said(pattern: str, address: Address) -> str:
        way = schemes.get(address.scheme, address.scheme)
        return fill(words[pattern], way=way, to=address_shown(address, is_whole=is_whole))

    told = [said("owner_by", binding.address) for binding in seen.story.bindings]
    if seen.phone:
        told.append(said("owner_by", Address("sms", seen.phone)))
    for follow in seen.story.follows:
        invited = f" ({words['follower_invited']})" if follow.invited_by else ""
        told.append(said("follower_by", follow.address) + invited)
    return told
