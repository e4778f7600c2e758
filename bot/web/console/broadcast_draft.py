"""The questions of a draft, one a page: its name, for whom it is, what it says, when it leaves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.broadcast_pages import asked_for
from bot.model.broadcast import LONGEST_TITLE, Audience, Broadcast, Lateness, Refusal
from bot.model.clock import VIETNAM, day_of
from bot.model.dossier import Status
from bot.model.sms import nfc
from bot.model.staff import Right
from bot.model.wording import Wording
from bot.texts.findings import Severity
from bot.web.console.broadcast_desk import ROOT, acting, address, answered, draft, mistakes, next_of, refused, sentences
from bot.web.console.broadcast_said import hours_said, last_day
from bot.web.console.broadcast_sample import NAMES, samples_of
from bot.web.console.broadcasts import agencies_of
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit

LONGEST_TEXT = 4_000
_FARTHEST = timedelta(days=92)
"""Ahead of now; an hour farther away is a slip of the pen."""
_MOST_COUNTED = 5_000
"""Dossiers that are looked through while an audience is being chosen; the check counts all."""
SCHEMES = ("sms", "zalo", "telegram", "webchat")


def routes(console: Console) -> Sequence[Route]:
    asked = {"ten": (name, rename), "nguoi-nhan": (people, choose), "noi-dung": (text, write), "gio": (hour, set_hour)}
    return [
        route
        for path, (show, save) in asked.items()
        for route in (
            Route("GET", f"{ROOT}/{{id}}/{path}", show, Right.WORK),
            Route("POST", f"{ROOT}/{{id}}/{path}", save, Right.WORK),
        )
    ]


def _revision(visit: Visit) -> int:
    said = visit.said("revision", most=10)
    if not said.isdecimal():
        raise RefusedError(400, "unreadable")
    return int(said)


async def _changed(visit: Visit, broadcast: Broadcast, step: str, **change: Any) -> web.Response:
    """Saved, and on to the next question."""
    by = visit.me.login
    result = await acting(visit, "changed", broadcast, step=step).change(
        broadcast.id, revision=_revision(visit), by=by, **change
    )
    if isinstance(result, Refusal):
        return await answered(visit, result, "")
    return await visit.redirect(next_of(visit, result, step))


# Its name


async def name(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    return await _name_page(visit, broadcast, [])


async def _name_page(visit: Visit, broadcast: Broadcast, errors: list[tuple[str, str]]) -> web.Response:
    title = visit.said("title") if errors else broadcast.title
    return visit.page(
        "broadcasts_name.html", status=400 if errors else 200, broadcast=broadcast, title=title,
        agency=broadcast.agency, agencies=await agencies_of(visit), errors=errors,
    )  # fmt: skip


async def rename(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    title, agency = visit.said("title"), visit.said("agency", most=60)
    if not title or len(title) > LONGEST_TITLE:
        word = "no_title" if not title else "long_title"
        return await _name_page(visit, broadcast, [("title", visit.words["broadcasts"][word])])
    visit.require(Right.WORK, agency)
    return await _changed(visit, broadcast, "ten", title=title, agency=agency)


# For whom it is


async def people(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    return await _people_page(visit, broadcast, [])


async def _people_page(visit: Visit, broadcast: Broadcast, errors: list[tuple[str, str]]) -> web.Response:
    scope = visit.scope(Right.WORK).within([broadcast.agency] if broadcast.agency else [])
    agencies, procedures = await visit.storage.read(_choices)
    audience = broadcast.audience or Audience()
    until = last_day(audience.received_until) if audience.received_until else None
    return visit.page(
        "broadcasts_people.html",
        status=400 if errors else 200,
        broadcast=broadcast,
        audience=audience,
        since=visit.said("since") if errors else _written(audience.received_since),
        until=visit.said("until") if errors else _written(until),
        agencies=[(code, f"{name} ({code})" if name else code) for code, name in agencies if scope.covers(code)],
        procedures=[(code, f"{name} ({code})" if name else code) for code, name in procedures],
        statuses=[each for each in Status if each is not Status.UNKNOWN],
        schemes=SCHEMES,
        count=await counted(visit, broadcast) if broadcast.audience else None,
        most=_MOST_COUNTED,
        errors=errors,
    )


async def counted(visit: Visit, broadcast: Broadcast) -> int:
    """How many phones the dossiers of the audience have at present, up to `_MOST_COUNTED` dossiers."""
    asked = asked_for(broadcast)
    if asked is None:
        return 0
    now = visit.console.clock()
    found = await visit.storage.read(
        lambda tx: tx.broadcasts.meant(asked, now=now, after=("", ""), limit=_MOST_COUNTED)
    )
    return len({each.phone for each in found if each.phone})


def _written(moment: datetime | None) -> str:
    """As a browser's field for days has it."""
    return day_of(moment) if moment else ""


async def _choices(tx: Any) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    return await tx.console.agencies(), await tx.console.procedures(limit=500)


async def choose(visit: Visit) -> web.Response:
    """A list, or dossiers; what was counted is said at once."""
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    if visit.said("kind") == "list":
        if broadcast.audience is None:
            return await visit.redirect(next_of(visit, broadcast, "nguoi-nhan"))
        return await _changed(visit, broadcast, "nguoi-nhan", audience=None)
    if visit.said("kind") != "query":
        return await _people_page(visit, broadcast, [("kind-list", visit.words["broadcasts"]["choose_kind"])])
    audience, errors = _audience(visit)
    if audience is None:
        return await _people_page(visit, broadcast, errors)
    for agency in audience.agencies:
        visit.require(Right.WORK, agency)
    result = await acting(visit, "changed", broadcast, step="nguoi-nhan").change(
        broadcast.id, revision=_revision(visit), by=visit.me.login, audience=audience
    )
    # Whoever has only now chosen dossiers is shown how many they are before she goes on.
    if isinstance(result, Refusal) or broadcast.audience is None or visit.said("act") == "count":
        return await answered(visit, result, address(broadcast, "nguoi-nhan"))
    return await visit.redirect(next_of(visit, result, "nguoi-nhan"))


def _audience(visit: Visit) -> tuple[Audience | None, list[tuple[str, str]]]:
    """As the form says it; what cannot be meant is an error beside its field."""
    since, until = _moment(visit.said("since", most=20)), _moment(visit.said("until", most=20))
    words = visit.words["broadcasts"]
    errors = [
        (name, words["no_day"]) for name, day in (("since", since), ("until", until)) if visit.said(name) and not day
    ]
    if since and until and since > until:
        errors.append(("until", words["days_turned"]))
    if errors:
        return None, errors
    statuses = tuple(Status(int(each)) for each in _all(visit, "status") if each in _STATUSES)
    lateness, scheme = visit.said("lateness"), visit.said("scheme")
    return (
        Audience(
            agencies=tuple(_all(visit, "agency")),
            procedures=tuple(_all(visit, "procedure")),
            statuses=statuses,
            lateness=Lateness(lateness) if lateness in set(Lateness) else Lateness.ANY,
            received_since=since,
            # The whole of the last day.
            received_until=until + timedelta(days=1) if until else None,
            reachable_by=scheme if scheme in SCHEMES else "",
        ),
        [],
    )


_STATUSES = frozenset(str(int(each)) for each in Status)


def _all(visit: Visit, name: str) -> list[str]:
    """Every ticked or chosen value of a field."""
    return [each[:60] for each in visit.form.getall(name, []) if isinstance(each, str) and each][:200]


# What it says


async def text(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    is_written = bool(broadcast.wording.chat)
    return visit.page(
        "broadcasts_text.html",
        broadcast=broadcast,
        errors=sentences(visit, broadcast, Severity.ERROR) if is_written else [],
        warnings=sentences(visit, broadcast, Severity.WARNING) if is_written else [],
        samples=samples_of(broadcast.wording) if is_written else None,
        names=[] if broadcast.audience is None else NAMES,
        follows=next_of(visit, broadcast, "noi-dung"),
    )


async def write(visit: Visit) -> web.Response:
    """Saved as it is, mistakes too: the page shows them beside the text."""
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    chat, sms = nfc(visit.said("chat", most=LONGEST_TEXT)), nfc(visit.said("sms", most=LONGEST_TEXT))
    accented = nfc(visit.said("accented", most=LONGEST_TEXT))
    wording = Wording(chat=chat, sms=sms or chat, sms_accented=accented)
    language = "en" if visit.said("language") == "en" else "vi"
    result = await acting(visit, "changed", broadcast, step="noi-dung").change(
        broadcast.id, revision=_revision(visit), by=visit.me.login, wording=wording, language=language
    )
    return await answered(visit, result, address(broadcast, "noi-dung"), visit.words["broadcasts"]["text_saved"])


# When it leaves


async def hour(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    return _hour_page(visit, broadcast, [])


def _hour_page(visit: Visit, broadcast: Broadcast, errors: list[tuple[str, str]]) -> web.Response:
    starts = broadcast.starts_at.astimezone(VIETNAM) if broadcast.starts_at else None
    return visit.page(
        "broadcasts_hour.html",
        status=400 if errors else 200,
        broadcast=broadcast,
        when=visit.said("when") if errors else "later" if starts else "now",
        day=visit.said("day") if errors else f"{starts:%Y-%m-%d}" if starts else "",
        time=visit.said("time") if errors else f"{starts:%H:%M}" if starts else "",
        hours=hours_said(visit, broadcast),
        errors=errors,
    )


async def set_hour(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    if visit.said("when") != "later":
        return await _leave_at(visit, broadcast, None)
    moment = _moment(visit.said("day", most=20), visit.said("time", most=10))
    now = visit.console.clock()
    if moment is None or not now < moment < now + _FARTHEST:
        word = "no_hour" if moment is None else "hour_past" if moment <= now else "hour_far"
        return _hour_page(visit, broadcast, [("day", visit.words["broadcasts"][word])])
    return await _leave_at(visit, broadcast, moment)


async def _leave_at(visit: Visit, broadcast: Broadcast, moment: datetime | None) -> web.Response:
    """The last question: what it all comes to is counted at once, where it can be."""
    flow, by = acting(visit, "changed", broadcast, step="gio"), visit.me.login
    result = await flow.change(broadcast.id, revision=_revision(visit), by=by, starts_at=moment)
    if isinstance(result, Refusal):
        return await refused(visit, result)
    if (result.audience or result.people) and not result.is_drawn_up and not mistakes(visit, result):
        drawn = await acting(visit, "drawn", result).draw_up(broadcast.id, by=by)
        if isinstance(drawn, Refusal):
            return await refused(visit, drawn)
    return await visit.redirect(address(broadcast, "kiem-tra"))


def _moment(day: str, time: str = "00:00") -> datetime | None:
    """To the minute, in Vietnam; days as browsers write them, or as people do."""
    for form in ("%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"):
        try:
            return datetime.strptime(f"{day} {time}", form).replace(tzinfo=VIETNAM).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
