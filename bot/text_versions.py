"""Which version of a text is meant: the one in force for an agency, its draft, a number, or what is shipped."""

from dataclasses import dataclass, field, replace
from typing import Any

from bot.model.errors import ConfigError
from bot.model.message import Form, Situation, family_of
from bot.model.wording import TextKey, TextState, Version, Wording
from bot.plan import Plan
from bot.ports import Transaction
from bot.routing import nearest_above
from bot.texts.catalogue import shipped

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
