"""Who works here: the list, invitations, and one page for each member. Administrators see those whom they manage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.accounts import is_locked_until
from bot.model.staff import Member, Right, SignIn, StaffInvitation, StaffSession
from bot.ports import Transaction
from bot.staff_fields import Refusal
from bot.staffing import ADMINISTRATORS, Invited, Staffing, administers_all
from bot.web.console.browsers import origin_of
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.staff_form import Asked, asked_of, fields_of
from bot.web.console.visit import RefusedError, Visit, missing
from bot.web.prefix import PREFIX


def routes(console: Console) -> Sequence[Route]:
    administer = Right.ADMINISTER
    return [
        Route("GET", "/nhan-su", listed, administer),
        Route("GET", "/nhan-su/moi", show_invite, administer),
        Route("POST", "/nhan-su/moi", invite, administer),
        Route("POST", "/nhan-su/thu-hoi", withdraw, administer),
        Route("GET", "/nhan-su/{id}", show_member, administer),
        Route("POST", "/nhan-su/{id}/quyen", grant, administer),
        Route("POST", "/nhan-su/{id}/ngung", disable, administer),
        Route("POST", "/nhan-su/{id}/mo-lai", enable, administer),
        Route("POST", "/nhan-su/{id}/dat-lai", reset, administer),
        Route("POST", "/nhan-su/{id}/mo-khoa", unlock, administer),
        Route("POST", "/nhan-su/{id}/phien", end_sessions, administer),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """A member as the list shows her."""

    member: Member
    sign_in: SignIn
    seen_at: datetime | None
    sessions: Sequence[StaffSession]
    is_locked: bool


@dataclass(frozen=True, slots=True)
class Staff:
    """What one administrator sees of the staff."""

    lines: Sequence[Line]
    letters: Sequence[StaffInvitation]
    administrators: int
    """Of the whole province."""


async def listed(visit: Visit) -> web.Response:
    staff = await _staff(visit)
    return visit.page(
        "staff.html",
        staff=staff,
        now=visit.console.clock(),
        lacks=visit.scope(Right.ADMINISTER).is_everywhere and staff.administrators < ADMINISTRATORS,
    )


async def show_invite(visit: Visit) -> web.Response:
    return await _form(visit, Asked())


async def invite(visit: Visit) -> web.Response:
    asked = asked_of(visit)
    if asked.problem:
        return await _form(visit, asked, problem=asked.problem)
    login, name, email = visit.said("login", most=200), visit.said("name", most=500), visit.said("email", most=500)
    done = await staffing_of(visit).invite(login, name, asked.grants, email=email)
    if isinstance(done, Refusal):
        return await _form(visit, asked, problem=done)
    return _letter(visit, done)


async def withdraw(visit: Visit) -> web.Response:
    refusal = await staffing_of(visit).withdraw(visit.said("login", most=200))
    return await _answer(visit, "/nhan-su", refusal, "withdrawn")


async def show_member(visit: Visit) -> web.Response:
    return await _page(visit, await _line(visit))


async def grant(visit: Visit) -> web.Response:
    line, asked = await _line(visit), asked_of(visit)
    refusal = asked.problem or await staffing_of(visit).grant(line.member.id, asked.grants)
    if refusal and refusal != Refusal.MISSING:
        return await _page(visit, line, problem=refusal, asked=asked)
    return await _answer(visit, _where(line), Refusal.MISSING if refusal else None, "granted")


async def disable(visit: Visit) -> web.Response:
    line = await _line(visit)
    refusal = await staffing_of(visit).disable(line.member.id)
    return (
        await _page(visit, line, problem=refusal) if refusal else await _answer(visit, _where(line), None, "disabled")
    )


async def enable(visit: Visit) -> web.Response:
    line = await _line(visit)
    return await _answer(visit, _where(line), await staffing_of(visit).enable(line.member.id), "enabled")


async def reset(visit: Visit) -> web.Response:
    line = await _line(visit)
    done = await staffing_of(visit).reset(line.member.id)
    return await _page(visit, line, problem=done) if isinstance(done, Refusal) else _letter(visit, done)


async def unlock(visit: Visit) -> web.Response:
    line = await _line(visit)
    return await _answer(visit, _where(line), await staffing_of(visit).unlock(line.member.id), "unlocked")


async def end_sessions(visit: Visit) -> web.Response:
    line = await _line(visit)
    done = await staffing_of(visit).end_sessions(line.member.id)
    if line.member.id == visit.me.id:
        return web.Response(status=303, headers={"Location": f"{PREFIX}/dang-nhap"})
    return await _answer(visit, _where(line), done if isinstance(done, Refusal) else None, "sessions_ended")


def staffing_of(visit: Visit) -> Staffing:
    """What she may do."""
    console = visit.console
    return Staffing(
        storage=visit.storage,
        rules=visit.config.console,
        clock=console.clock,
        by=visit.me.login,
        actor=visit.me.id,
        token=console.random_token,
    )


async def _staff(visit: Visit) -> Staff:
    staffing = staffing_of(visit)

    async def read(tx: Transaction) -> Staff:
        members, sign_ins = await tx.staff.members(), await tx.staff.sign_ins()
        sessions = await tx.staff.sessions()
        lines = [
            _line_of(visit, each, sign_ins[each.id], [one for one in sessions if one.member == each.id])
            for each in members
            if each.id == visit.me.id or staffing.manages(members, each.grants)
        ]
        letters = [each for each in await tx.staff.invitations() if staffing.manages(members, each.grants)]
        return Staff(lines, letters, sum(map(administers_all, members)))

    return await visit.storage.read(read)


def _line_of(visit: Visit, member: Member, sign_in: SignIn, sessions: Sequence[StaffSession]) -> Line:
    seen = [each.seen_at for each in sessions if each.proved_at] + ([member.seen_at] if member.seen_at else [])
    is_locked = is_locked_until(sign_in.locked_until, visit.console.clock())
    return Line(member, sign_in, max(seen, default=None), sessions, is_locked)


async def _line(visit: Visit) -> Line:
    """The member of the address; 404 for one whom she does not manage."""
    staff = await _staff(visit)
    line = next((each for each in staff.lines if each.member.id == visit.part("id")), None)
    if line is None:
        raise missing()
    return line


async def _page(visit: Visit, line: Line, *, problem: str = "", asked: Asked | None = None) -> web.Response:
    rows = asked.rows if asked else fields_of(line.member.grants)
    return visit.page(
        "staff_member.html", status=422 if problem else 200, line=line, rows=rows, problem=problem,
        agencies=await _agencies(visit), is_me=line.member.id == visit.me.id,
    )  # fmt: skip


async def _form(visit: Visit, asked: Asked, *, problem: str = "") -> web.Response:
    values = {name: visit.said(name, most=500) for name in ("login", "name", "email")}
    return visit.page(
        "staff_invite.html", status=422 if problem else 200, values=values, rows=asked.rows or fields_of(()),
        problem=problem, agencies=await _agencies(visit),
    )  # fmt: skip


def _letter(visit: Visit, invited: Invited) -> web.Response:
    """Shown this once: afterwards nobody knows the address any more."""
    address = f"{origin_of(visit)}{PREFIX}/loi-moi/{invited.secret}"
    return visit.page("staff_letter.html", letter=invited.invitation, address=address)


async def _agencies(visit: Visit) -> list[str]:
    """What is offered while an agency is typed: those for which somebody works already, and her own."""
    scope = visit.scope(Right.ADMINISTER)
    members = await visit.storage.read(lambda tx: tx.staff.members())
    known = {each.agency for member in members for each in member.grants} | set(scope.agencies)
    return sorted(each for each in known if each and scope.covers(each))


def _where(line: Line) -> str:
    return f"/nhan-su/{line.member.id}"


async def _answer(visit: Visit, path: str, refusal: Refusal | None, done: str) -> web.Response:
    words: Mapping[str, Any] = visit.words["staff"]
    if refusal is Refusal.MISSING:
        raise missing()
    if refusal is Refusal.OWN:
        raise RefusedError(403, "no_right")
    return await visit.redirect(path, words["problem"][refusal] if refusal else words["done"][done])
