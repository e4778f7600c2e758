"""Which version of a text is meant: the one in force for an agency, its draft, a number, or what is shipped; and how
one comes into force."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.model.errors import ConfigError
from bot.model.message import Form, Situation, family_of
from bot.model.wording import TextKey, TextState, Version, Wording
from bot.plan import Plan
from bot.ports import Transaction
from bot.routing import nearest_above
from bot.texts.catalogue import shipped
from bot.texts.linting import Finding, Rules, has_errors, lint

IN_FORCE = -1
DRAFT_ELSE_IN_FORCE = -2
SHIPPED = 0
"""In place of a number."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A text, with where it comes from."""

    key: TextKey
    """That was asked for."""
    number: int
    wording: Wording = field(repr=False)
    version: Version | None = None
    """None: shipped."""

    @property
    def is_own_draft(self) -> bool:
        """A draft of exactly this agency."""
        return self.version is not None and self.version.state is TextState.DRAFT and self.version.key == self.key

    @property
    def name(self) -> str:
        return f"bản / version {self.number}" if self.version else "có sẵn / shipped"

    @property
    def title(self) -> str:
        if self.version is None:
            return f"{self.key} · {self.name}"
        states = {
            TextState.DRAFT: "nháp / draft",
            TextState.PUBLISHED: "đang dùng / in force",
            TextState.RETIRED: "đã thôi / retired",
        }
        whose = "" if self.version.key == self.key else f" của / of {self.version.key.agency or 'mọi cơ quan / all'}"
        return f"{self.key} · {self.name}{whose} · {states[self.version.state]}"


async def choose(tx: Transaction, key: TextKey, wanted: int) -> Chosen:
    """`wanted` is a number, `SHIPPED`, `IN_FORCE` or `DRAFT_ELSE_IN_FORCE`, of the nearest agency above that has it.

    Raises `ConfigError` where no version has the number.
    """
    if wanted == SHIPPED:
        return _shipped(key)
    if wanted > SHIPPED:
        return await _numbered(tx, key, wanted)
    current = [
        each
        for each in await tx.texts.current()
        if (each.key.situation, each.key.language) == (key.situation, key.language)
    ]
    by_agency = {each.key.agency: each for each in current if each.state is TextState.PUBLISHED}
    if wanted == DRAFT_ELSE_IN_FORCE:
        by_agency |= {each.key.agency: each for each in current if each.state is TextState.DRAFT}
    found = nearest_above(key.agency, by_agency) or by_agency.get("")
    return Chosen(key, found.number, found.wording, found) if found else _shipped(key)


@dataclass(frozen=True, slots=True)
class InForce:
    """What an attempt to put a version into force came to."""

    number: int
    """Of the version now in force, or of the one that was refused; `SHIPPED`: own words are in force no longer."""
    findings: Sequence[Finding] = ()

    @property
    def is_refused(self) -> bool:
        return has_errors(self.findings)


async def publish(
    tx: Transaction, key: TextKey, rules: Rules, *, by: str, at: datetime, number: int | None = None
) -> InForce | None:
    """Puts the draft into force unless it has errors. None where there is no draft, or it is not `number`."""
    chosen = await choose(tx, key, DRAFT_ELSE_IN_FORCE)
    if not chosen.is_own_draft or number not in (None, chosen.number):
        return None
    found = lint(key, chosen.wording, rules)
    if not has_errors(found):
        await tx.texts.publish(key, chosen.number, by=by, at=at)
    return InForce(chosen.number, found)


async def roll_back(
    tx: Transaction, key: TextKey, to: int, rules: Rules, *, by: str, at: datetime, note: str = ""
) -> InForce | None:
    """Puts an older version into force again, as a new one, unless it has errors by now; `SHIPPED` takes the own words
    out of force. None where there is nothing to go back to."""
    if to == SHIPPED:
        return InForce(SHIPPED) if await tx.texts.retire(key, by=by, at=at) else None
    old = await tx.texts.version(key, to)
    if old is None or old.published_at is None:
        return None
    if has_errors(found := lint(key, old.wording, rules)):
        return InForce(to, found)
    made = await tx.texts.republish(key, to, by=by, at=at, note=note)
    return None if made is None else InForce(made)


async def _numbered(tx: Transaction, key: TextKey, number: int) -> Chosen:
    at = key
    while not (found := await tx.texts.version(at, number)) and at.agency:
        at = replace(at, agency=at.agency.rpartition(".")[0])
    if found is None:
        raise ConfigError(f"{key}: không có bản {number} / there is no version {number}")
    return Chosen(key, number, found.wording, found)


def _shipped(key: TextKey) -> Chosen:
    return Chosen(key, SHIPPED, shipped(key.language)[key.situation])


def configured_zbs(plan: Plan, situation: Situation) -> list[Form]:
    """The ZBS templates that the configuration has for a situation, or else for its family, by Zalo channel."""
    found = []
    for channel in plan.channels:
        templates: Any = getattr(channel.settings, "templates", {}) if channel.kind == "zalo" else {}
        template = templates.get(situation) or templates.get(family_of(situation))
        if template:
            parameters = {name: f"{each.value}:{each.type}" for name, each in template.params.items()}
            found.append(Form(channel.name, template.id, parameters=parameters))
    return found
