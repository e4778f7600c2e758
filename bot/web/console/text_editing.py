"""Writes a draft of a text: its words for chats and SMS, the values that it needs, the templates registered for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot.model.audit import Entry
from bot.model.errors import ConfigError
from bot.model.message import FOR_STAFF
from bot.model.parameters import CITIZEN_VALUES, STAFF_VALUES
from bot.model.sms import nfc
from bot.model.staff import Right
from bot.model.wording import TextKey, Wording
from bot.ports import Transaction
from bot.text_check import rules_of
from bot.text_versions import DRAFT_ELSE_IN_FORCE, IN_FORCE, Chosen, choose
from bot.texts.drafts import DraftFile, as_toml
from bot.texts.linting import Finding, has_errors, lint
from bot.texts.reading import read as names_in
from bot.texts.samples import ORDINARY
from bot.texts.syntax import TextRefused
from bot.web.console.console import Console
from bot.web.console.differences import forms_of
from bot.web.console.route import Route
from bot.web.console.text_keys import address_of, key_of, number_in
from bot.web.console.today_lists import situation_names
from bot.web.console.visit import Visit

_LONGEST = 10_000
"""Characters of one field: more than any message may have."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/mau-tin/{situation}/sua", edit, Right.WORK),
        Route("POST", "/mau-tin/{situation}/sua", save, Right.WORK),
    ]


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form."""

    chat: str
    sms: str
    sms_accented: str
    required: str
    flexible: str
    forms: str
    note: str = ""

    @classmethod
    def of(cls, wording: Wording, key: TextKey) -> "Typed":
        return cls(
            wording.chat,
            wording.sms,
            wording.sms_accented,
            ", ".join(wording.required),
            ", ".join(wording.flexible),
            forms_of(wording, key),
        )

    @classmethod
    def in_form(cls, visit: Visit) -> "Typed":
        def said(name: str) -> str:
            return visit.said(name, most=_LONGEST)

        return cls(
            said("chat"),
            said("sms"),
            said("sms_accented"),
            said("required"),
            said("flexible"),
            said("forms"),
            visit.said("note", most=500),
        )

    def wording(self, key: TextKey) -> Wording:
        """Raises `ConfigError` where the registered templates cannot be read."""
        bare = Wording(
            chat=nfc(self.chat),
            sms=nfc(self.sms),
            sms_accented=nfc(self.sms_accented),
            required=_listed(self.required),
            flexible=_listed(self.flexible),
        )
        return DraftFile.of(f"{as_toml(key, bare)}\n{self.forms}", "mẫu đăng ký / registered templates").wording


def _listed(written: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(written.replace(",", " ").split()))


@dataclass(frozen=True, slots=True)
class Changed:
    """The values that a text uses, against those of the text in force."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What the confirmation names, so that it holds for this very change."""
        return " ".join([*(f"+{each}" for each in self.added), *(f"-{each}" for each in self.removed)])


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a form comes back."""

    errors: Sequence[tuple[str, str]] = ()
    findings: Sequence[Finding] = ()
    changed: Changed = field(default_factory=Changed)


async def edit(visit: Visit) -> web.StreamResponse:
    key = key_of(visit, Right.WORK)
    chosen = await visit.storage.read(lambda tx: choose(tx, key, DRAFT_ELSE_IN_FORCE))
    return _form(visit, key, Typed.of(chosen.wording, key), _draft_number(chosen))


def _form(
    visit: Visit, key: TextKey, typed: Typed, draft: int, complaint: Complaint | None = None
) -> web.StreamResponse:
    known = STAFF_VALUES if key.situation in FOR_STAFF else CITIZEN_VALUES
    return visit.page(
        "text-edit.html",
        status=422 if complaint and complaint.errors else 200,
        key=key,
        typed=typed,
        draft=draft,
        complaint=complaint or Complaint(),
        values=[(name, ORDINARY.get(name, "")) for name in known],
        situations=situation_names(visit.language),
        address=address_of(key),
    )


def _draft_number(chosen: Chosen) -> int:
    """Of the agency's own draft; 0 where there is none."""
    return chosen.number if chosen.is_own_draft else 0


async def save(visit: Visit) -> web.StreamResponse:
    """Keeps the draft, with whatever the linter finds; a change of the values is asked about once more first."""
    key, typed, w = key_of(visit, Right.WORK), Typed.in_form(visit), visit.words["texts"]
    draft = number_in(visit.said("draft")) or 0
    try:
        wording = typed.wording(key)
    except ConfigError as error:
        return _form(visit, key, typed, draft, Complaint([("forms", str(error))]))
    findings = lint(key, wording, rules_of(visit.app.plan))
    in_force = await visit.storage.read(lambda tx: choose(tx, key, IN_FORCE))
    changed = _changed(in_force.wording, wording)
    if changed.word and visit.said("confirmed") != changed.word:
        return _form(visit, key, typed, draft, Complaint(findings=findings, changed=changed))
    number = await _keep(visit, key, wording, draft=draft, note=typed.note)
    if number is None:
        return _form(visit, key, typed, draft, Complaint([("", w["somebody_else"])], findings))
    said = w["saved_with_errors" if has_errors(findings) else "saved"].format(number=number)
    return await visit.redirect(address_of(key), said)


async def _keep(visit: Visit, key: TextKey, wording: Wording, *, draft: int, note: str) -> int | None:
    """The draft's number; None where somebody has written another one since the form was opened."""
    now = visit.console.clock()

    async def work(tx: Transaction) -> int | None:
        if _draft_number(await choose(tx, key, DRAFT_ELSE_IN_FORCE)) != draft:
            return None
        return await tx.texts.draft(key, wording, by=visit.me.login, at=now, note=note)

    def told(number: int | None) -> Entry | None:
        if number is None:
            return None
        return visit.entry("text.drafted", str(key), agency=key.agency, after={"number": number})

    return await visit.audited(told).write(work)


def _changed(before: Wording, after: Wording) -> Changed:
    """Nothing where one of them cannot be read: the linter tells of that."""
    try:
        old, new = _names(before), _names(after)
    except TextRefused:
        return Changed()
    return Changed(tuple(sorted(new - old)), tuple(sorted(old - new)))


def _names(wording: Wording) -> frozenset[str]:
    return frozenset[str]().union(*(names_in(nfc(body)).names for body in wording.bodies.values()))
