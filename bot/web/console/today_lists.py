"""The lists behind the page of the day: what is due, whom no message reached, what waits for the end of the night."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web

from bot.model.clock import EPOCH, from_millis, to_millis
from bot.model.message import Situation
from bot.model.staff import Right
from bot.ports import ByHand, Place, ToldByHand, Transaction, Unheard
from bot.sentences import dialects_of, explained
from bot.spreadsheet import write_csv, write_xlsx
from bot.unreachable import HEADER, row_of
from bot.web.console.apology_acts import scope_within
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.today_reading import LATELY, Horizons
from bot.web.console.visit import Visit, missing
from bot.web.pages import load_words

PAGE = 50
IN_A_FILE = 20_000
"""Lines of a file: more citizens than can be called."""
SPANS = ("3-gio", "1-ngay", "qua-han", "qua-han-lau")
"""Filters of what is due, as they stand in the address."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/hom-nay/den-han", due, Right.SEE),
        Route("GET", "/hom-nay/khong-lien-lac", unheard, Right.SEE),
        Route("POST", "/hom-nay/khong-lien-lac", told_by_hand, Right.WORK),
        Route("GET", "/hom-nay/khong-lien-lac/tep/{kind}", download, Right.WORK),
        Route("GET", "/hom-nay/tam-giu", held, Right.SEE),
        Route("POST", "/hom-nay/tam-giu/huy", cancel, Right.WORK),
        Route("POST", "/hom-nay/tam-giu/gui", hurry, Right.WORK),
    ]


# What is due


async def due(visit: Visit) -> web.StreamResponse:
    span, agency = visit.asked("loc") or SPANS[1], visit.asked("co-quan")
    scope, horizons = scope_within(visit, agency), Horizons.of(visit)
    since, until = _span(span, horizons)
    after = _place(visit.asked("sau"))
    found = await visit.storage.read(
        lambda tx: tx.today.due(scope.asked, since=since, until=until, after=after, limit=PAGE + 1)
    )
    return visit.page(
        "due.html",
        now=horizons.now,
        span=span,
        spans=SPANS,
        agency=agency,
        dues=found[:PAGE],
        older=_written(Place.of(found[PAGE - 1])) if len(found) > PAGE else "",
        may_draft=visit.me.may(Right.WORK),
    )


def _span(word: str, horizons: Horizons) -> tuple[datetime, datetime]:
    now = horizons.now
    spans = {
        "3-gio": (now, horizons.soon),
        "1-ngay": (now, horizons.next_day),
        "qua-han": (now - LATELY, now),
        "qua-han-lau": (EPOCH, now - LATELY),
    }
    if word not in spans:
        raise missing()
    return spans[word]


def _written(place: Place) -> str:
    return f"{to_millis(place.due_at)}~{place.code}~{place.source}"


def _place(written: str) -> Place | None:
    at, _, rest = written.partition("~")
    code, _, source = rest.partition("~")
    return Place(from_millis(int(at)), code, source) if at.isdigit() and len(at) < 15 else None


# Whom no message reached


async def unheard(visit: Visit) -> web.StreamResponse:
    agency, before = visit.asked("co-quan"), visit.asked("truoc")
    scope, now = scope_within(visit, agency), visit.console.clock()
    found = await visit.storage.read(
        lambda tx: tx.today.unheard(scope.asked, since=now - LATELY, before=before, limit=PAGE + 1)
    )
    return visit.page(
        "unheard.html",
        agency=agency,
        lines=_once(found[:PAGE]),
        older=found[PAGE - 1].message.id if len(found) > PAGE else "",
        situations=situation_names(visit.language),
        may_work=visit.me.may(Right.WORK),
        why={each.message.id: _why(visit, each) for each in found},
    )


def _once(found: Sequence[Unheard]) -> list[Unheard]:
    """Each dossier by its latest message."""
    return list({(each.message.source, each.message.code): each for each in reversed(found)}.values())[::-1]


def _why(visit: Visit, unheard: Unheard) -> str:
    message = unheard.message
    return explained(message.reason, visit.language, dialects_of(visit.app.plan).get(message.channel, ""))


async def told_by_hand(visit: Visit) -> web.StreamResponse:
    """Somebody called, or wrote a letter."""
    source, code, word = visit.said("nguon"), visit.said("ma"), visit.said("cach")
    if word not in set(ByHand):
        raise missing()
    dossier = (await visit.storage.read(lambda tx: tx.dossiers.get_many(source, [code]))).get(code)
    if dossier is None:
        raise missing()
    visit.require(Right.WORK, dossier.agency)
    told = ToldByHand(source=source, code=code, way=ByHand(word), by=visit.me.login, at=visit.console.clock())
    entry = visit.entry("dossier.told_by_hand", code, agency=dossier.agency, after={"way": word})
    await visit.write(lambda tx: tx.today.told_by_hand([told]), entry)
    return await visit.redirect("/hom-nay/khong-lien-lac", visit.words["today"][f"noted_{word}"].format(code=code))


async def download(visit: Visit) -> web.StreamResponse:
    """With names and phones, for a call or a letter: whoever takes it is recorded."""
    kind = visit.part("kind")
    if kind not in ("csv", "xlsx"):
        raise missing()
    scope, since = scope_within(visit, visit.asked("co-quan"), Right.WORK), visit.console.clock() - LATELY
    found = await visit.storage.read(lambda tx: tx.today.unheard(scope.asked, since=since, limit=IN_A_FILE))
    rows = [row_of(each.message) for each in _once(found) if each.told is None]
    whose = list(scope.agencies)
    await visit.looked("unreachable.downloaded", agency=whose[0], kind=kind, rows=len(rows), agencies=whose)
    content = await asyncio.to_thread(_file, kind, rows)
    media_type = "text/csv" if kind == "csv" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return visit.download(content, name=f"chua-lien-lac.{kind}", media_type=media_type)


def _file(kind: str, rows: Sequence[Sequence[object]]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"list.{kind}"
        if kind == "csv":
            write_csv(path, HEADER, rows)
        else:
            write_xlsx(path, [("Chưa liên lạc được", HEADER, rows)])
        return path.read_bytes()


# What waits for the end of quiet hours


async def held(visit: Visit) -> web.StreamResponse:
    agency, situation, after = visit.asked("co-quan"), visit.asked("loai"), visit.asked("sau")
    scope = scope_within(visit, agency)

    async def read(tx: Transaction) -> dict[str, Any]:
        groups = [each for each in await tx.today.held() if scope.covers(each.agency)]
        items = await tx.today.quiet(scope.asked, situation=situation, after=after, limit=PAGE + 1)
        return {"groups": groups, "items": items[:PAGE], "older": items[PAGE - 1].id if len(items) > PAGE else ""}

    found = await visit.storage.read(read)
    return visit.page(
        "held.html",
        agency=agency,
        situation=situation,
        situations=situation_names(visit.language),
        may_work=visit.me.may(Right.WORK),
        **found,
    )


async def _mine(tx: Transaction, visit: Visit) -> list[str]:
    """Of the ticked messages those that are still held, and hers."""
    ids = [str(each) for each in visit.form.getall("tin", [])][:PAGE]
    found = await tx.today.quiet_among(ids, visit.scope(Right.WORK).asked)
    return [each.id for each in found]


async def cancel(visit: Visit) -> web.StreamResponse:
    now, w = visit.console.clock(), visit.words["today"]

    async def work(tx: Transaction) -> int:
        ids = await _mine(tx, visit)
        return await tx.outbox.cancel_quiet(ids, reason=f"discarded by {visit.me.login}", at=now) if ids else 0

    entry = visit.entry("messages.cancelled", after={"held_for": "quiet", "ids": _named(visit)})
    number = await visit.write(work, entry)
    return await visit.redirect("/hom-nay/tam-giu", w["cancelled"].format(number=number) if number else w["no_ticks"])


async def hurry(visit: Visit) -> web.StreamResponse:
    """The reason is kept with the message, as the bypass by which it left."""
    now, w, why = visit.console.clock(), visit.words["today"], visit.said("why", most=200)
    if not why:
        return await visit.redirect("/hom-nay/tam-giu", w["no_why"])

    async def work(tx: Transaction) -> int:
        ids = await _mine(tx, visit)
        return await tx.outbox.hurry(ids, why=why, by=visit.me.login, at=now) if ids else 0

    entry = visit.entry("messages.hurried", after={"held_for": "quiet", "ids": _named(visit)})
    number = await visit.write(work, entry)
    return await visit.redirect("/hom-nay/tam-giu", w["hurried"].format(number=number) if number else w["no_ticks"])


def _named(visit: Visit) -> list[str]:
    return [str(each)[:40] for each in visit.form.getall("tin", [])][:PAGE]


def situation_names(language: str) -> dict[str, str]:
    """What messages are about, in words."""
    names = load_words(language)["situations"]
    return {each.value: names.get(each.value, each.value) for each in Situation}
