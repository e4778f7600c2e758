"""What a clerk does about the phone on a dossier: no more messages to it, or messages again."""

import re

from aiohttp import web

from bot.model.person import Address
from bot.model.staff import Right
from bot.ports import Transaction
from bot.ports.unwanted import Unwanted
from bot.web.console import dossier_page
from bot.web.console.visit import Visit, missing

_NUMBER = re.compile(r"[0-9](?:[ .\-]?[0-9]){7,}")
_LONGEST = 200


async def stop(visit: Visit) -> web.Response:
    """Puts the number, and the chats that belong to it, on the do-not-send list."""
    seen = await _working(visit)
    reason, words = visit.said("ly-do", most=_LONGEST), visit.words["dossiers"]
    error = words["stop_why"] if not reason else words["stop_digits"] if _NUMBER.search(reason) else ""
    if error:
        return dossier_page.page_of(visit, seen, is_whole=True, error=error, reason=reason, status=422)
    now, by = visit.console.clock(), visit.me.login

    async def work(tx: Transaction) -> bool:
        addresses = await tx.privacy.addresses_of(seen.phone)
        return await tx.do_not_send.add([Unwanted(each, now, by, reason) for each in addresses]) > 0

    await visit.write(work, visit.entry("phone.stopped", seen.dossier.code, agency=seen.dossier.agency))
    return await visit.redirect(_back(visit), words["stopped"])


async def allow(visit: Visit) -> web.Response:
    """Takes them off it."""
    seen = await _working(visit)

    async def work(tx: Transaction) -> bool:
        return await tx.do_not_send.remove(await tx.privacy.addresses_of(seen.phone)) > 0

    await visit.write(work, visit.entry("phone.allowed", seen.dossier.code, agency=seen.dossier.agency))
    return await visit.redirect(_back(visit), visit.words["dossiers"]["allowed"])


async def addresses_on(visit: Visit, source: str, code: str) -> list[Address]:
    """The addresses of the owner of a dossier that she may see."""

    async def read(tx: Transaction) -> list[Address]:
        dossier = (await tx.dossiers.get_many(source, [code])).get(code)
        if dossier is None:
            raise missing()
        visit.require(Right.WORK, dossier.agency)
        phone = dossier_page.phone_of(dossier)
        return await tx.privacy.addresses_of(phone) if phone else []

    return await visit.storage.read(read)


async def _working(visit: Visit) -> dossier_page.Seen:
    seen = await dossier_page.see(visit, Right.WORK)
    if not seen.phone:
        raise missing()
    return seen


def _back(visit: Visit) -> str:
    """The dossier's page."""
    return visit.request.rel_url.raw_path.removeprefix("/can-bo").rpartition("/")[0]
