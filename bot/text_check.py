"""Looks over all texts in force, shipped and published: before the service runs, and when somebody asks."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.model.wording import TextKey, Version
from bot.plan import Plan, sms_rules
from bot.ports import Storage
from bot.texts import Library
from bot.texts.catalogue import LANGUAGES, shipped
from bot.texts.linting import Finding, Rules, Severity, lint

log = logging.getLogger(__name__)


def rules_of(plan: Plan) -> Rules:
    """What this configuration asks of texts."""
    texts = plan.config.texts
    return Rules(
        signature=texts.signature,
        accented=frozenset(texts.accented_sms),
        patterns={
            name: {situation: each.pattern for situation, each in settings.templates.items()}
            for name, settings in sms_rules(plan).items()
            if settings.templates
        },
        zalo=tuple(each.name for each in plan.channels if each.kind == "zalo"),
    )


def lint_shipped(rules: Rules, languages: Iterable[str] = LANGUAGES) -> list[Finding]:
    """An office cannot mend what is shipped, only publish its own in its place: nothing here is more than a warning."""
    found = [
        finding
        for language in languages
        for situation, wording in shipped(language).items()
        for finding in lint(TextKey(situation, language), wording, rules)
    ]
    return [replace(each, severity=Severity.WARNING) for each in found]


async def lint_in_force(storage: Storage, rules: Rules, language: str) -> list[Finding]:
    """All findings on published texts, and on those shipped ones of `language` in whose place none is published for all
    agencies."""
    published = await storage.read(lambda tx: tx.texts.published())
    # A quarter of a second of work, which the messages of a running service shall not wait for.
    return await asyncio.to_thread(_lint, published, rules, language)


def _lint(published: Sequence[Version], rules: Rules, language: str) -> list[Finding]:
    replaced = {version.key for version in published}
    own = [finding for version in published for finding in lint(version.key, version.wording, rules)]
    own.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    # By our own rules the shipped ones are clean, as a test says: only what an office asks for can find something.
    found = lint_shipped(rules, [language]) if rules != Rules() else []
    return own + [each for each in found if each.key not in replaced]


async def open_library(plan: Plan, storage: Storage) -> Library:
    """The texts in force now. A service keeps it fresh with `Library.watch`; a command need not."""
    library = Library(rules_of(plan))
    await library.refresh(storage)
    return library


async def log_findings(storage: Storage, rules: Rules, language: str) -> None:
    """For the start of the service, which they do not stop: a published text with an error is not used."""
    for finding in await lint_in_force(storage, rules, language):
        level = logging.ERROR if finding.severity is Severity.ERROR else logging.WARNING
        log.log(level, "text %s: %s: %s", finding.key, finding.place, finding.en)
