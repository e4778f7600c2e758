"""The texts in force: what an office has published, over what is shipped."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.model.errors import trail
from bot.model.message import Form, Situation
from bot.model.wording import TextKey, Version, Wording
from bot.ports import Storage
from bot.routing import nearest_above
from bot.texts.catalogue import LANGUAGES, Catalogue
from bot.texts.linting import Rules, Severity, lint

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two looks at the revision."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The texts of one language, compiled."""

    everywhere: Catalogue
    everywhere_own: Mapping[Situation, Wording] = field(default_factory=dict)
    agencies: Mapping[str, Catalogue] = field(default_factory=dict)
    """Of each agency that has texts of its own, with those of the agencies above it."""
    agencies_own: Mapping[str, Mapping[Situation, Wording]] = field(default_factory=dict)


class Library:
    """Asked at every planning: `catalogue` and `forms` are look-ups in memory. One a process; `watch` renews it."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._shelves = {language: _Shelf(Catalogue.load(language)) for language in LANGUAGES}
        self._revision = 0

    def catalogue(self, language: str, agency: str = "") -> Catalogue:
        """The words of a language for an agency: its own texts, those of the nearest one above it, else the shipped."""
        shelf = self._shelves[language]
        return nearest_above(agency, shelf.agencies) or shelf.everywhere

    def forms(self, situation: Situation, language: str, agency: str = "") -> tuple[Form, ...]:
        """The registered templates that came with the text in force; empty: those of the channels' settings count."""
        shelf = self._shelves[language]
        own = nearest_above(agency, shelf.agencies_own) or shelf.everywhere_own
        return own[situation].forms if situation in own else ()

    def carrying(self, template: str) -> list[TextKey]:
        """The published texts in force that came with this registered template, by the provider's id."""
        found = []
        for language, shelf in self._shelves.items():
            for agency, own in {"": shelf.everywhere_own, **shelf.agencies_own}.items():
                carried = [name for name, each in own.items() if template in {form.id for form in each.forms}]
                found += [TextKey(situation, language, agency) for situation in carried]
        return found

    async def refresh(self, storage: Storage) -> bool:
        """Takes up what was published or retired since the last time; True if anything was."""
        revision = await storage.read(lambda tx: tx.texts.revision())
        if revision == self._revision:
            return False
        published = await storage.read(lambda tx: tx.texts.published())
        await asyncio.to_thread(self.take_up, published)
        self._revision = revision
        log.info("texts: revision %d, %d published", revision, len(published))
        return True

    async def watch(
        self, storage: Storage, *, every: float = LOOK_EVERY, beat: Callable[[], None] = lambda: None
    ) -> None:
        """Keeps up with publications until it is cancelled; `beat` is told of every good look. While the database is
        away, the texts stay as they are."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.refresh(storage)
                beat()
            except Exception as error:
                log.warning("texts could not be read, those known stay in force: %s", trail(error))

    def take_up(self, published: Iterable[Version]) -> None:
        """Compiles these, once, and puts them in force together. A text with an error is left out, and logged."""
        by_language = defaultdict[str, dict[str, dict[Situation, Wording]]](lambda: defaultdict(dict))
        for version in published:
            if self._is_sound(version):
                by_language[version.key.language][version.key.agency][version.key.situation] = version.wording
        self._shelves = {language: _shelf(language, by_language[language]) for language in LANGUAGES}

    def _is_sound(self, version: Version) -> bool:
        """Errors can come to a published text: by a newer release, or a newer configuration."""
        errors = [each for each in lint(version.key, version.wording, self._rules) if each.severity is Severity.ERROR]
        for each in errors:
            log.error("text %s, version %d is not used: %s: %s", version.key, version.number, each.place, each.en)
        return not errors


def _shelf(language: str, texts: Mapping[str, Mapping[Situation, Wording]]) -> _Shelf:
    """Each agency's texts stand over those of the nearest one above it, so that every text is compiled once."""
    everywhere_own = texts.get("", {})
    everywhere = Catalogue.load(language).over(everywhere_own) if everywhere_own else Catalogue.load(language)
    catalogues: dict[str, Catalogue] = {}
    own: dict[str, Mapping[Situation, Wording]] = {}
    # An agency's code begins with that of the one above it, which therefore comes first.
    for agency in sorted(filter(None, texts)):
        above = agency.rpartition(".")[0]
        catalogues[agency] = (nearest_above(above, catalogues) or everywhere).over(texts[agency])
        own[agency] = {**(nearest_above(above, own) or everywhere_own), **texts[agency]}
    return _Shelf(everywhere, everywhere_own, catalogues, own)
