"""One's own account: name, password, second factor, and where one is logged in."""

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from bot.model.staff import Member, StaffSession
from bot.ports import Transaction
from bot.staff_fields import read_name
from bot.web.console.console import Console
from bot.web.console.entry import accounts_of
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit, missing
from bot.web.prefix import PREFIX

MARK = 16
"""Hexadecimal digits of a session's digest that tell it from others and open nothing."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/toi", show, None),
        Route("POST", "/toi/ten", rename, None),
        Route("POST", "/toi/mat-khau", change_password, None),
        Route("POST", "/toi/ma-du-phong", renew_recovery, None),
        Route("POST", "/toi/phien", end_session, None),
        Route("POST", "/toi/phien-khac", end_others, None),
    ]


async def show(visit: Visit) -> web.Response:
    return await _page(visit)


async def rename(visit: Visit) -> web.Response:
    name = read_name(visit.said("name", most=500))
    if not name:
        return await _page(visit, error=("name", visit.words["entry"]["weak"]["name_form"]))

    async def work(tx: Transaction) -> bool:
        member = next((each for each in await tx.staff.lock() if each.id == visit.me.id), None)
        if member is None:
            return False
        await tx.staff.save(replace(member, name=name))
        return True

    # Without the names themselves: the record keeps logins.
    await visit.write(work, visit.entry("staff.renamed", visit.me.login))
    return await visit.redirect("/toi", visit.words["mine"]["renamed"])


async def change_password(visit: Visit) -> web.Response:
    words, old, new = visit.words["mine"], _typed(visit, "old"), _typed(visit, "new")
    if new != _typed(visit, "again"):
        return await _page(visit, error=("again", visit.words["entry"]["weak"]["differs"]))
    problem = await accounts_of(visit).change_password(_session(visit), visit.me, old, new)
    if problem == "wrong":
        return await _page(visit, error=("old", words["wrong_password"]))
    if problem:
        return await _page(visit, error=("new", visit.words["entry"]["weak"][problem]))
    return await visit.redirect("/toi", words["password_changed"])


async def renew_recovery(visit: Visit) -> web.Response:
    codes = await accounts_of(visit).renew_recovery(_session(visit), visit.said("proof", most=100))
    if codes is None:
        return await _page(visit, error=("proof", visit.words["entry"]["code_wrong"]))
    return visit.page("entry_codes.html", codes=codes, wanted="/toi", is_new=False)


async def end_session(visit: Visit) -> web.Response:
    """One of one's own; somebody else's is not found, whatever was sent."""
    mark, mine = visit.said("mark", most=64), visit.me
    if not await visit.write(
        lambda tx: tx.staff.end_one(mine.id, mark), visit.entry("staff.session_ended", mine.login)
    ):
        raise missing()
    return await visit.redirect("/toi", visit.words["mine"]["session_ended"])


async def end_others(visit: Visit) -> web.Response:
    session, entry = _session(visit), visit.entry("staff.sessions_ended", visit.me.login)
    await visit.write(lambda tx: tx.staff.end_sessions(session.member, but=session.digest), entry)
    return await visit.redirect("/toi", visit.words["mine"]["others_ended"])


async def _page(visit: Visit, *, error: tuple[str, str] = ("", "")) -> web.Response:
    async def read(tx: Transaction) -> tuple[Member | None, list[StaffSession], bool, bool, int]:
        credentials = await tx.staff.credentials(visit.me.id)
        return (
            await tx.staff.member(visit.me.id),
            await tx.staff.sessions(visit.me.id),
            bool(credentials.password),
            bool(credentials.totp),
            len(credentials.recovery),
        )

    member, sessions, has_password, has_totp, recovery = await visit.storage.read(read)
    if member is None:
        return web.Response(status=303, headers={"Location": f"{PREFIX}/dang-nhap"})
    return visit.page(
        "mine.html", status=422 if error[0] else 200, member=member, sessions=sessions, here=_session(visit).digest,
        mark=MARK, has_password=has_password, has_totp=has_totp, recovery=recovery, error=error,
    )  # fmt: skip


def _session(visit: Visit) -> StaffSession:
    if visit.session is None:
        raise RefusedError(401, "logged_out")
    return visit.session


def _typed(visit: Visit, name: str) -> str:
    """A password, with the spaces at its ends."""
    value = visit.form.get(name, "")
    return value[:1_000] if isinstance(value, str) else ""
