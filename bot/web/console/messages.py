"""Tin nhắn: what was sent to whom and what became of it, by outcome, channel, kind, agency, day or recipient."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from bot.model.clock import VIETNAM
from bot.model.code import read_codes
from bot.model.message import OutboxItem, Situation
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.model.staff import Right
from bot.ports.console import Counted, MessageWish, Outcomes, Page, outcome_of
from bot.sentences import dialects_of, sentence_of
from bot.web.console import dossier_acts, message_page
from bot.web.console.console import Console
from bot.web.console.private import address_shown, phone_shown
from bot.web.console.route import Route
from bot.web.console.visit import Visit, missing

PAGE = 30
COUNTED = 1_000
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_MOODS = {Outcomes.FAILED: "wrong", Outcomes.UNCERTAIN: "warn", Outcomes.ARRIVED: "good"}


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/tin-nhan", listed, Right.SEE),
        Route("POST", "/tin-nhan", of_recipient, Right.SEE),
        Route("GET", "/tin-nhan/{id}", message_page.show, Right.SEE),
        Route("GET", "/tin-nhan/{id}/trang-thai", message_page.state, Right.SEE),
        Route("POST", "/tin-nhan/{id}/gui-lai", message_page.resend, Right.WORK),
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the address."""

    trang_thai: str = ""
    kenh: str = ""
    loai: str = ""
    co_quan: str = ""
    ngay: str = ""
    ma: str = ""

    @property
    def query(self) -> str:
        return self.but()

    def but(self, **others: str) -> str:
        """The address with other values."""
        given = {
            "trang-thai": self.trang_thai, "kenh": self.kenh, "loai": self.loai, "co-quan": self.co_quan,
            "ngay": self.ngay, "ma": self.ma,
        }  # fmt: skip
        given |= {name.replace("_", "-"): value for name, value in others.items()}
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def outcome(self) -> Outcomes | None:
        return Outcomes(self.trang_thai) if self.trang_thai in set(Outcomes) else None

    @property
    def code(self) -> str:
        """Of a dossier."""
        found = [each.code for each in read_codes(self.ma) if each.kind == "dossier"]
        return found[0] if found else self.ma.upper()

    @property
    def wish(self) -> MessageWish:
        day = day_of(self.ngay)
        return MessageWish(
            outcome=self.outcome,
            channel=self.kenh,
            situation=self.loai,
            agency=self.co_quan,
            code=self.code if self.ma else "",
            since=day,
            until=day + timedelta(days=1) if day else None,
        )


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose messages are listed: never in an address."""

    addresses: Sequence[Address] = field(repr=False)
    shown: str = ""
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    """What says it again for the next page."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the list, in words."""

    item: OutboxItem
    what: str
    way: str
    to: str
    state: str
    tag: str
    mood: str


async def listed(visit: Visit) -> web.Response:
    """By what may stand in an address; one of our references leads right to its message."""
    asked = Asked(*(visit.asked(name) for name in ("trang-thai", "kenh", "loai", "co-quan", "ngay", "ma")))
    if _ID.fullmatch(asked.ma.upper()):
        return await visit.redirect(f"/tin-nhan/{asked.ma.upper()}")
    errors = [("ngay", visit.words["messages"]["day_wrong"])] if asked.ngay and not day_of(asked.ngay) else []
    return await _page(visit, asked, asked.wish, before=visit.asked("truoc"), errors=errors)


async def of_recipient(visit: Visit) -> web.Response:
    """Those to a number that was typed, to the owner of a dossier, or to the address of another message."""
    recipient = await _recipient(visit)
    asked = Asked(trang_thai=visit.said("trang-thai"))
    if recipient is None:
        errors = [("so", visit.words["messages"]["phone_wrong"])]
        return await _page(visit, asked, asked.wish, errors=errors, status=422)
    await visit.looked("messages.searched", by="recipient")
    wish = MessageWish(outcome=asked.outcome, addresses=recipient.addresses)
    return await _page(visit, asked, wish, recipient=recipient, before=visit.said("truoc"))


async def _recipient(visit: Visit) -> Recipient | None:
    """None where what was typed is no number. Raises `RefusedError`."""
    if message := visit.said("tin"):
        item = await visit.storage.read(lambda tx: tx.outbox.get(message))
        if item is None:
            raise missing()
        visit.require(Right.SEE, item.agency)
        shown = address_shown(item.address, is_whole=visit.me.may(Right.WORK, item.agency))
        return Recipient([item.address], shown, {"tin": message})
    if source := visit.said("nguon"):
        code = visit.said("ma")
        addresses = await dossier_acts.addresses_on(visit, source, code)
        return Recipient(addresses, code, {"nguon": source, "ma": code})
    phone = parse_phone(visit.said("so", most=40))
    if phone is None:
        return None
    addresses = await visit.storage.read(lambda tx: tx.privacy.addresses_of(phone.e164))
    return Recipient(addresses, phone_shown(phone.e164, is_whole=True), {"so": visit.said("so")})


async def _page(
    visit: Visit,
    asked: Asked,
    wish: MessageWish,
    *,
    recipient: Recipient | None = None,
    before: str = "",
    errors: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> web.Response:
    agencies, scope = visit.scope().asked, visit.scope()
    counting = MessageWish(
        channel=wish.channel, situation=wish.situation, agency=wish.agency, code=wish.code,
        addresses=wish.addresses, since=wish.since, until=wish.until,
    )  # fmt: skip
    page: Page[OutboxItem, str] = Page([], None)
    counted = Counted({}, is_whole=True)
    if recipient is None or recipient.addresses:
        page = await visit.storage.read(lambda tx: tx.console.messages(wish, agencies, before=before, limit=PAGE))
        counted = await visit.storage.read(lambda tx: tx.console.counted(counting, agencies, most=COUNTED))
    known = await visit.storage.read(lambda tx: tx.console.agencies())
    words = visit.words["messages"]
    if page.found and recipient is None:
        await visit.looked("messages.listed", codes=sorted({each.code for each in page.found if each.code}))
    return visit.page(
        "messages.html",
        status=status,
        rows=rows_of(visit, page.found),
        asked=asked,
        recipient=recipient,
        outcomes=[(str(each), words["outcome"][each], counted.by_outcome.get(each, 0)) for each in Outcomes],
        total=sum(counted.by_outcome.values()),
        counted=counted,
        most=COUNTED,
        errors=errors,
        next=page.next or "",
        is_cut=page.is_cut,
        is_first=not before,
        channels=[(each.name, each.name) for each in visit.app.plan.channels],
        situations=[(str(each), words["situation"][each]) for each in Situation],
        agencies=[(code, f"{name} ({code})") for code, name in known if code and scope.covers(code)],
    )


def rows_of(visit: Visit, items: Sequence[OutboxItem]) -> list[Row]:
    """In words, addresses masked where she does not work."""
    words, dialects = visit.words["messages"], dialects_of(visit.app.plan)
    rows = []
    for item in items:
        outcome = outcome_of(item.state)
        rows.append(
            Row(
                item,
                words["situation"][item.situation],
                words["scheme"].get(item.address.scheme, item.address.scheme),
                address_shown(item.address, is_whole=visit.me.may(Right.WORK, item.agency)),
                sentence_of(item, visit.language, dialects.get(item.gateway or item.channel, "")),
                words["outcome"][outcome],
                _MOODS.get(outcome, "calm"),
            )
        )
    return rows


def day_of(text: str) -> datetime | None:
    """The beginning of a day written `22/11/2026`, in Vietnam; None for what is no day."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime(int(found[3]), int(found[2]), int(found[1]), tzinfo=VIETNAM)
    except ValueError:
        return None
