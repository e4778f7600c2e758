"""One apology: what the citizen reads on every channel, its document, its history; changed, approved or rejected."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot.apologies import FOLLOWER
from bot.apology_desk import Letter, letter_of
from bot.documents import TemplateError
from bot.drafting import Answer, Refused, Wishes
from bot.model.apology import Act, Apology, ApologyState, is_running
from bot.model.clock import from_millis, to_millis
from bot.model.code import read_codes
from bot.model.dossier import Dossier
from bot.model.message import OutboxItem
from bot.model.staff import Right
from bot.ports import Transaction
from bot.sentences import dialects_of, explained, sentence_of
from bot.tariff import tariff_of
from bot.web.console.apology_acts import desk_at, found_apology
from bot.web.console.apology_views import day_of, drafting, line_of, local_day, refusal, why_words
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit, missing

_LONGEST_TEXT = 300
"""Characters that a clerk may add to the reason: more would be cut off in an SMS."""
_LONGEST_WHY = 500


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/xin-loi/moi", new, Right.WORK),
        Route("POST", "/xin-loi/moi", draft, Right.WORK),
        Route("GET", "/xin-loi/{id}", page, Right.SEE),
        Route("GET", "/xin-loi/{id}/van-ban", document, Right.SEE),
        Route("POST", "/xin-loi/{id}/sua", change, Right.WORK),
        Route("POST", "/xin-loi/{id}/duyet", approve, Right.APPROVE),
        Route("POST", "/xin-loi/{id}/khong-duyet", reject, Right.APPROVE),
    ]


@dataclass(frozen=True, slots=True)
class Copy:
    """One message of an apology."""

    item: OutboxItem
    words: str
    to_follower: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form: as drafted, or as they came back with a mistake."""

    reason: str
    text: str
    day: str
    errors: Sequence[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, apology: Apology) -> "Typed":
        return cls(apology.reason, apology.text, local_day(apology.new_at))

    @classmethod
    def in_form(cls, visit: Visit) -> "Typed":
        """Complains of what no desk needs to be asked."""
        typed = cls(visit.said("reason"), visit.said("text"), visit.said("day"))
        w, errors = visit.words["apologies"], []
        if len(typed.text) > _LONGEST_TEXT:
            errors.append(("text", w["text_too_long"].format(most=_LONGEST_TEXT)))
        if day_of(typed.day) is None:
            errors.append(("day", w["no_day"]))
        return cls(typed.reason, typed.text, typed.day, errors)

    @property
    def wishes(self) -> Wishes:
        return Wishes(self.reason, self.text, day_of(self.day))


async def page(visit: Visit) -> web.StreamResponse:
    apology, dossier = await found_apology(visit)
    return await _shown(visit, apology, dossier, Typed.of(apology))


async def _shown(
    visit: Visit, apology: Apology, dossier: Dossier | None, typed: Typed, *, status: int = 200
) -> web.StreamResponse:
    desk = desk_at(visit)

    async def read(tx: Transaction) -> tuple[list[Act], frozenset[str], list[OutboxItem], bool]:
        acts, items = await tx.apologies.acts(apology.id), await tx.outbox.of_origins([apology.origin])
        authors = (await tx.apologies.authors([apology.id]))[apology.id]
        return acts, authors, items, await desk.has_had_enough(tx, apology)

    acts, authors, items, has_had_enough = await visit.storage.read(read)
    letter = await _letter(visit, apology, dossier)
    await visit.looked("apology.looked", apology.id, agency=apology.agency, code=apology.code)
    return visit.page(
        "apology.html",
        status=status,
        one=apology,
        line=line_of(visit, apology, items, authors),
        dossier=dossier,
        letter=letter,
        unfit=explained(letter.reason, visit.language) if letter else "",
        tariff=tariff_of(visit.config, None),
        typed=typed,
        reasons=list(visit.config.apologies.reasons.items()),
        acts=[(each, why_words(visit, each.detail) if each.what in ("rejected", "withdrawn") else "") for each in acts],
        copies=[_copy(visit, each) for each in items],
        has_had_enough=has_had_enough,
        is_open=apology.state is ApologyState.DRAFT,
        why=why_words(visit, apology.why),
        seen=to_millis(apology.revised_at),
        may_work=visit.me.may(Right.WORK, apology.agency),
        may_approve=visit.me.may(Right.APPROVE, apology.agency),
        citation=visit.config.apologies.citation,
    )


def _copy(visit: Visit, item: OutboxItem) -> Copy:
    dialect = dialects_of(visit.app.plan).get(item.gateway or item.channel, "")
    return Copy(item, sentence_of(item, visit.language, dialect), FOLLOWER in item.dedupe_key)


async def _letter(visit: Visit, apology: Apology, dossier: Dossier | None) -> Letter | None:
    """None where there is no dossier any more to speak of."""
    if dossier is None:
        return None
    return await letter_of(visit.app.plan, visit.storage, visit.app.planner, desk_at(visit), (apology, dossier))


async def document(visit: Visit) -> web.StreamResponse:
    """Form 04, as it went out or as it would."""
    apology, dossier = await found_apology(visit)
    if dossier is None:
        raise missing()
    try:
        files = await desk_at(visit).documents_of(apology, dossier, by=visit.me.login)
    except TemplateError:
        return await visit.redirect(f"/xin-loi/{apology.id}", visit.words["apologies"]["no_document"])
    if not files:
        raise missing()
    await visit.looked("apology.document", apology.id, agency=apology.agency, code=apology.code)
    file = files[0]
    return visit.download(file.content, name=file.name, media_type=file.media_type)


# A draft by hand


async def new(visit: Visit) -> web.StreamResponse:
    """Without a code it asks for one."""
    dossier = await _dossier_asked(visit)
    return await _form(visit, dossier, visit.asked("ma"))


async def _form(visit: Visit, dossier: Dossier | None, code: str, typed: Typed | None = None) -> web.StreamResponse:
    existing = await _existing(visit, dossier) if dossier else None
    if existing:
        return await visit.redirect(f"/xin-loi/{existing.id}", visit.words["apologies"]["exists"])
    runs = dossier is not None and is_running(dossier) and dossier.due_at is not None
    if dossier and dossier.due_at and typed is None:
        key, agency = (dossier.source, dossier.code), (dossier.agency, dossier.agency_name)
        typed = Typed.of(drafting(visit).draft(key, agency, dossier.due_at, now=visit.console.clock()))
    return visit.page(
        "apology-new.html",
        status=422 if typed and typed.errors else 200,
        dossier=dossier,
        code=code,
        runs=runs,
        typed=typed,
        reasons=list(visit.config.apologies.reasons.items()),
    )


async def _dossier_asked(visit: Visit) -> Dossier | None:
    """Of the address or the form; None where none is named, or there is none that she may work on."""
    code = visit.said("ma") or visit.asked("ma")
    source = visit.said("nguon") or visit.asked("nguon")
    read = [each.code for each in read_codes(code) if each.kind == "dossier"]
    named = read[0] if read else code
    if not named:
        return None
    found = await visit.storage.read(lambda tx: tx.dossiers.find(named))
    mine = [each for each in found if source in ("", each.source) and visit.me.may(Right.WORK, each.agency)]
    return mine[0] if mine else None


async def _existing(visit: Visit, dossier: Dossier) -> Apology | None:
    """The draft or decision that this deadline has already."""
    known = await visit.storage.read(lambda tx: tx.apologies.of_dossier(dossier.source, dossier.code))
    settled = (ApologyState.DRAFT, ApologyState.APPROVED)
    return next((each for each in known if each.old_at == dossier.due_at and each.state in settled), None)


async def draft(visit: Visit) -> web.StreamResponse:
    dossier, typed = await _dossier_asked(visit), Typed.in_form(visit)
    if dossier is None:
        raise missing()
    if typed.errors:
        return await _form(visit, dossier, dossier.code, typed)
    desk = desk_at(visit, "apology.drafted")
    answer = await desk.draft(dossier.source, dossier.code, typed.wishes, by=visit.me.login)
    if isinstance(answer, Refused):
        errors = [("", refusal(visit, answer))]
        return await _form(visit, dossier, dossier.code, Typed(typed.reason, typed.text, typed.day, errors))
    return await visit.redirect(f"/xin-loi/{answer.id}", visit.words["apologies"]["drafted"].format(id=answer.id))


# Acts


async def change(visit: Visit) -> web.StreamResponse:
    apology, dossier = await found_apology(visit, Right.WORK)
    typed = Typed.in_form(visit)
    if not typed.errors:
        answer = await desk_at(visit, "apology.changed", apology).change(apology.id, typed.wishes, by=visit.me.login)
        if not isinstance(answer, Refused):
            return await visit.redirect(f"/xin-loi/{apology.id}", visit.words["apologies"]["changed"])
        typed = Typed(typed.reason, typed.text, typed.day, [("", refusal(visit, answer))])
    return await _shown(visit, apology, dossier, typed, status=422)


async def approve(visit: Visit) -> web.StreamResponse:
    """What she has seen, and nothing that somebody changed meanwhile."""
    apology, dossier = await found_apology(visit, Right.APPROVE)
    seen = visit.said("seen")
    if not seen.isdigit() or len(seen) > 14:
        raise RefusedError(400, "unreadable")
    answer = await desk_at(visit, "apology.approved", apology).approve(
        apology.id, by=visit.me.login, override=visit.said("override", most=_LONGEST_WHY), seen=from_millis(int(seen))
    )
    return await _answered(visit, answer, (apology, dossier), "approved")


async def reject(visit: Visit) -> web.StreamResponse:
    apology, dossier = await found_apology(visit, Right.APPROVE)
    why = visit.said("why", most=_LONGEST_WHY)
    if not why:
        errors = [("why", visit.words["apologies"]["no_why"])]
        return await _shown(visit, apology, dossier, _with(apology, errors), status=422)
    answer = await desk_at(visit, "apology.rejected", apology).reject(apology.id, by=visit.me.login, why=why)
    return await _answered(visit, answer, (apology, dossier), "rejected")


async def _answered(
    visit: Visit, answer: Answer, about: tuple[Apology, Dossier | None], done: str
) -> web.StreamResponse:
    if isinstance(answer, Refused):
        now, dossier = await found_apology(visit)
        return await _shown(visit, now, dossier or about[1], _with(now, [("", refusal(visit, answer))]), status=409)
    return await visit.redirect(f"/xin-loi/{answer.id}", visit.words["apologies"][done])


def _with(apology: Apology, errors: Sequence[tuple[str, str]]) -> Typed:
    as_drafted = Typed.of(apology)
    return Typed(as_drafted.reason, as_drafted.text, as_drafted.day, errors)
