"""What is said to citizens: every situation and whose words are in force, one text on every channel, its versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.model.message import FOR_STAFF, Situation, family_of
from bot.model.parameters import CITIZEN_VALUES, STAFF_VALUES
from bot.model.staff import Right
from bot.model.wording import EDITABLE, TextKey, TextState, Version, Wording
from bot.ports import Transaction
from bot.routing import nearest_above
from bot.tariff import tariff_of
from bot.text_check import rules_of
from bot.text_preview import Preview, preview
from bot.text_versions import DRAFT_ELSE_IN_FORCE, IN_FORCE, SHIPPED, Chosen, choose, configured_zbs
from bot.texts.linting import has_errors, lint
from bot.texts.samples import ORDINARY, WORST
from bot.texts.syntax import TextRefused
from bot.web.console import text_acts, text_editing
from bot.web.console.console import Console
from bot.web.console.differences import differences
from bot.web.console.route import Route
from bot.web.console.text_keys import address_of, key_of, number_in, own_agency
from bot.web.console.today_lists import situation_names
from bot.web.console.visit import Visit, missing
from bot.web.pages import LANGUAGES

SAMPLES: Mapping[str, Mapping[str, str]] = {"thuong": ORDINARY, "dai": WORST}
"""By the word in the address."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/mau-tin", listed, Right.SEE),
        Route("GET", "/mau-tin/{situation}", page, Right.SEE),
        Route("GET", "/mau-tin/{situation}/so-sanh", compare, Right.SEE),
        *text_editing.routes(console),
        *text_acts.routes(console),
    ]


# The list


@dataclass(frozen=True, slots=True)
class Row:
    """One situation, for one agency."""

    situation: Situation
    in_force: Version | None
    """None: as shipped."""
    draft: Version | None
    """The agency's own."""


async def listed(visit: Visit) -> web.StreamResponse:
    language, agency = visit.asked("ngon-ngu") or "vi", own_agency(visit)
    visit.require(Right.SEE, agency)
    if language not in LANGUAGES:
        raise missing()
    current = [each for each in await visit.storage.read(lambda tx: tx.texts.current()) if _is_of(each, language)]
    return visit.page(
        "texts.html",
        language_of_texts=language,
        agency=agency,
        groups=[(name, [_row(each, agency, current) for each in some]) for name, some in _groups()],
        agencies=sorted({each.key.agency for each in current if visit.me.may(Right.SEE, each.key.agency)} | {agency}),
        situations=situation_names(visit.language),
        address=lambda situation: address_of(TextKey(situation, language, agency)),
    )


def _is_of(version: Version, language: str) -> bool:
    return version.key.language == language


def _groups() -> list[tuple[str, list[Situation]]]:
    citizens: list[Situation] = [each for each in EDITABLE if each not in FOR_STAFF]
    families = (Situation.PROGRESS, Situation.RESULT)
    return [
        *((str(family), [each for each in citizens if family_of(each) is family]) for family in families),
        ("others", [each for each in citizens if family_of(each) not in families]),
        ("staff", [each for each in EDITABLE if each in FOR_STAFF]),
    ]


def _row(situation: Situation, agency: str, current: Sequence[Version]) -> Row:
    of_it = [each for each in current if each.key.situation is situation]
    published = {each.key.agency: each for each in of_it if each.state is TextState.PUBLISHED}
    drafts = [each for each in of_it if each.state is TextState.DRAFT and each.key.agency == agency]
    return Row(situation, nearest_above(agency, published) or published.get(""), drafts[0] if drafts else None)


# One text


async def page(visit: Visit) -> web.StreamResponse:
    """The draft if there is one, else what is in force; or the version that the address names."""
    key, number = key_of(visit, Right.SEE), number_in(visit.asked("ban"))

    async def read(tx: Transaction) -> tuple[Chosen, Chosen, list[Version]]:
        chosen = await _chosen(tx, key, number)
        return chosen, await choose(tx, key, IN_FORCE), await tx.texts.history(key)

    chosen, in_force, history = await visit.storage.read(read)
    findings = lint(key, chosen.wording, rules_of(visit.app.plan))
    which = visit.asked("gia-tri") or "thuong"
    values, code, no_dossier = await _values(visit, key, which)
    return visit.page(
        "text.html",
        key=key,
        chosen=chosen,
        in_force=in_force,
        is_in_force=(chosen.number, chosen.version) == (in_force.number, in_force.version),
        history=history,
        findings=findings,
        has_errors=has_errors(findings),
        shown=_preview(visit, key, chosen.wording, values),
        tariff=tariff_of(visit.config, None),
        which=which,
        code=code,
        no_dossier=no_dossier,
        is_for_staff=key.situation in FOR_STAFF,
        values=[(name, ORDINARY.get(name, "")) for name in values_of(key.situation)],
        situations=situation_names(visit.language),
        address=address_of(key),
        path_of=lambda act: address_of(key, act),
        may_write=visit.me.may(Right.WORK, key.agency),
        may_publish=visit.me.may(Right.ADMINISTER, key.agency),
        may_see_agency=lambda agency: visit.me.may(Right.SEE, agency),
    )


def values_of(situation: Situation) -> tuple[str, ...]:
    return STAFF_VALUES if situation in FOR_STAFF else CITIZEN_VALUES


async def _chosen(tx: Transaction, key: TextKey, number: int | None) -> Chosen:
    """A number of this very text: versions of agencies above are theirs to show."""
    if not number:
        return await choose(tx, key, DRAFT_ELSE_IN_FORCE if number is None else SHIPPED)
    if await tx.texts.version(key, number) is None:
        raise missing()
    return await choose(tx, key, number)


async def _values(visit: Visit, key: TextKey, which: str) -> tuple[Mapping[str, str], str, bool]:
    """What stands in the text: of a real dossier, which is a look at it, or samples. (values, code, not found)"""
    code = visit.asked("ma").upper()
    if not code or key.situation in FOR_STAFF:
        return SAMPLES.get(which, ORDINARY), "", False
    found = await visit.storage.read(lambda tx: tx.dossiers.find(code))
    mine = [each for each in found if visit.me.may(Right.SEE, each.agency)]
    if not mine:
        return ORDINARY, code, True
    await visit.looked("dossier.looked", mine[0].code, agency=mine[0].agency, text=str(key))
    return visit.app.planner.values(key.situation, None, mine[0]), code, False


def _preview(visit: Visit, key: TextKey, wording: Wording, values: Mapping[str, str]) -> Preview | None:
    """None where the text cannot be read; the findings say why."""
    plan = visit.app.plan
    try:
        return preview(key, wording, values, rules_of(plan), configured_zbs(plan, key.situation))
    except TextRefused:
        return None


async def compare(visit: Visit) -> web.StreamResponse:
    """Two versions; else what is in force and the draft."""
    key = key_of(visit, Right.SEE)
    before, after = number_in(visit.asked("tu")), number_in(visit.asked("den"))

    async def read(tx: Transaction) -> tuple[Chosen, Chosen, list[Version]]:
        old = await choose(tx, key, IN_FORCE) if before is None else await _chosen(tx, key, before)
        return old, await _chosen(tx, key, after), await tx.texts.history(key)

    old, new, history = await visit.storage.read(read)
    return visit.page(
        "text-difference.html",
        key=key,
        old=old,
        new=new,
        fields=differences(old.wording, new.wording, key),
        numbers=[SHIPPED, *(each.number for each in reversed(history))],
        situations=situation_names(visit.language),
        address=address_of(key),
        path_of=lambda act: address_of(key, act),
    )
