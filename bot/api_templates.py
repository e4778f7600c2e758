"""Pure: the id of a registered template → the situation, and the agency, whose text it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.api_wishes import TELLABLE, ByTemplate, Refused, Wish, fault
from bot.model.api import ApiKey
from bot.model.message import Form, Situation
from bot.model.wording import TextKey
from bot.texts import Library
from bot.texts.catalogue import LANGUAGES


@dataclass(frozen=True, slots=True)
class Templates:
    """Of the published texts, and of the configuration where a text in force brings none of its own."""

    library: Library
    configured: Mapping[str, Mapping[Situation, str]]
    """Ids by channel: `[channels.X.templates]`."""

    def wish_of(self, key: ApiKey, asked: ByTemplate) -> Wish | Refused:
        """What is wished for. Texts of agencies beside the key's might as well not exist, nor is the template of an
        apology, or of anything else that is not told by software, a way to it."""
        texts = self._texts(asked.template, key.agency)
        configured = {name for ids in self.configured.values() for name, each in ids.items() if each == asked.template}
        found = ({each.situation for each in texts} | configured) & TELLABLE.keys()
        if not found:
            return fault("no_template", "/template")
        if len(found) > 1:
            return fault("two_situations", "/template", names=", ".join(sorted(found)))
        return Wish(found.pop(), asked.to, asked.reference, asked.template)

    def agency_of(self, wish: Wish, agency: str) -> str:
        """In whose name a message of a key of that agency goes: the one below it whose text brings the template."""
        if not wish.template or self.is_in_force(wish, agency):
            return agency
        below = sorted({each.agency for each in self._texts(wish.template, agency) if _is_within(each.agency, agency)})
        highest = [each for each in below if not any(each != other and _is_within(each, other) for other in below)]
        return highest[0] if len(highest) == 1 else agency

    def is_in_force(self, wish: Wish, agency: str, languages: Iterable[str] = LANGUAGES) -> bool:
        """Whether a message of that agency would go by this template."""
        for language in languages:
            forms = self.library.forms(wish.situation, language, agency)
            if wish.template in {each.id for each in forms} or self._is_configured(wish, forms):
                return True
        return False

    def _is_configured(self, wish: Wish, forms: Iterable[Form]) -> bool:
        brought = {each.channel for each in forms}
        return any(
            ids.get(wish.situation) == wish.template and not brought & {"", channel}
            for channel, ids in self.configured.items()
        )

    def _texts(self, template: str, agency: str) -> list[TextKey]:
        """Those of the agency, of those below it, and of those above it."""
        carrying = self.library.carrying(template)
        return [each for each in carrying if _is_within(each.agency, agency) or _is_within(agency, each.agency)]


def _is_within(agency: str, other: str) -> bool:
    return other in ("", agency) or agency.startswith(f"{other}.")
