"""Hồ sơ: find a dossier by its code, agency, procedure and status, or by the applicant's phone and name."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from bot.model.code import canonical, read_codes
from bot.model.dossier import FINISHED, Status
from bot.model.name import name_words
from bot.model.phone import parse_phone
from bot.model.staff import Right
from bot.ports import Transaction
from bot.ports.console import DossierLine, DossierPlace, DossierWish, Page
from bot.texts import Catalogue
from bot.web.console import dossier_acts, dossier_page
from bot.web.console.console import Console
from bot.web.console.days import days_words
from bot.web.console.route import Route
from bot.web.console.visit import Visit

PAGE = 30
_PROCEDURES = 2_000
_STANDS = frozenset({Status.SUPPLEMENT})


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/ho-so", search, Right.SEE),
        Route("POST", "/ho-so", search_person, Right.SEE),
        Route("GET", "/ho-so/{source}/{code}", dossier_page.show, Right.SEE),
        Route("POST", "/ho-so/{source}/{code}/ngung-nhan", dossier_acts.stop, Right.WORK),
        Route("POST", "/ho-so/{source}/{code}/nhan-lai", dossier_acts.allow, Right.WORK),
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the address."""

    ma: str = ""
    co_quan: str = ""
    thu_tuc: str = ""
    trang_thai: str = ""
    tre: str = ""

    @property
    def query(self) -> str:
        given = {"ma": self.ma, "co-quan": self.co_quan, "thu-tuc": self.thu_tuc, "trang-thai": self.trang_thai}
        return urlencode({name: value for name, value in {**given, "tre": self.tre}.items() if value})

    @property
    def wish(self) -> DossierWish:
        found = [each.code for each in read_codes(self.ma) if each.kind == "dossier"]
        status = Status(int(self.trang_thai)) if _is_status(self.trang_thai) else None
        code = found[0] if found else "".join(self.ma.upper().split())
        return DossierWish(
            code=code, agency=self.co_quan, procedure=self.thu_tuc, status=status, is_late=bool(self.tre)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """What was typed of an applicant: never in an address."""

    so: str = field(default="", repr=False)
    ten: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A dossier in the list, in words."""

    line: DossierLine
    status: str
    is_late: bool
    days: str
    href: str


async def search(visit: Visit) -> web.Response:
    """By what may stand in an address. A whole code that one dossier has leads right to it."""
    asked = Asked(*(visit.asked(name) for name in ("ma", "co-quan", "thu-tuc", "trang-thai", "tre")))
    before = place_of(visit.asked("truoc", most=300))
    page = await _found(visit, asked.wish, before)
    if len(page.found) == 1 and not before and canonical(asked.ma):
        return await visit.redirect(_href(page.found[0]))
    if page.found:
        await visit.looked("dossiers.listed", codes=[each.code for each in page.found])
    return await _page(visit, page, asked=asked, is_first=before is None)


async def search_person(visit: Visit) -> web.Response:
    """By phone or name. That somebody searched so is recorded, what for is not."""
    person, words = Person(visit.said("so", most=40), visit.said("ten", most=120)), visit.words["dossiers"]
    phone, name = parse_phone(person.so), name_words(person.ten)
    errors = []
    if person.so and phone is None:
        errors.append(("so", words["phone_wrong"]))
    elif not person.so and not name:
        errors.append(("", words["person_missing"]))
    if errors:
        return await _page(visit, Page([], None), person=person, errors=errors, status=422)
    before = place_of(visit.said("truoc", most=300))
    wish = DossierWish(phone=phone.e164) if phone else DossierWish(name=name)
    if phone and name:
        wish = replace(wish, name=name)
    page = await _found(visit, wish, before)
    await visit.looked("dossiers.searched", by="phone" if phone else "name", found=len(page.found))
    return await _page(visit, page, person=person, is_first=before is None)


async def _found(visit: Visit, wish: DossierWish, before: DossierPlace | None) -> Page[DossierLine, DossierPlace]:
    agencies, now = visit.scope().asked, visit.console.clock()
    return await visit.storage.read(lambda tx: tx.console.dossiers(wish, agencies, now=now, before=before, limit=PAGE))


async def _page(
    visit: Visit,
    page: Page[DossierLine, DossierPlace],
    *,
    asked: Asked | None = None,
    person: Person | None = None,
    errors: Sequence[tuple[str, str]] = (),
    is_first: bool = True,
    status: int = 200,
) -> web.Response:
    catalogue = Catalogue.load(visit.language)
    agencies, procedures = await visit.storage.read(_choices)
    scope = visit.scope()
    return visit.page(
        "dossiers.html",
        status=status,
        rows=[_row(visit, each, catalogue) for each in page.found],
        asked=asked or Asked(),
        person=person,
        errors=errors,
        next=written(page.next) if page.next else "",
        is_cut=page.is_cut,
        is_first=is_first,
        agencies=[(code, f"{name} ({code})") for code, name in agencies if code and scope.covers(code)],
        procedures=[(code, f"{code} {name}".strip()) for code, name in procedures if code],
        statuses=[(str(int(each)), catalogue.status(each)) for each in Status],
    )


async def _choices(tx: Transaction) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    return await tx.console.agencies(), await tx.console.procedures(limit=_PROCEDURES)


def _row(visit: Visit, line: DossierLine, catalogue: Catalogue) -> Row:
    now = visit.console.clock()
    in_work = line.status not in FINISHED and line.status not in _STANDS and line.due_at is not None
    is_late = in_work and line.due_at is not None and line.due_at < now
    days = days_words(visit, line.agency, line.due_at, now) if in_work and line.due_at else ""
    return Row(line, catalogue.status(line.status, line.status_text), is_late, days, _href(line))


def _href(line: DossierLine) -> str:
    return f"/ho-so/{quote(line.source, safe='')}/{quote(line.code, safe='')}"


def written(place: DossierPlace) -> str:
    """A place as it goes through a page."""
    return f"{place.at}~{place.code}~{place.source}"


def place_of(text: str) -> DossierPlace | None:
    """None for what is none."""
    at, _, rest = text.partition("~")
    code, _, source = rest.partition("~")
    return DossierPlace(int(at), code, source) if at.isdecimal() and len(at) < 16 and code and source else None


def _is_status(text: str) -> bool:
    known: set[Any] = {str(int(each)) for each in Status}
    return text in known
