"""The texts in force: what an office has published, over what is shipped."""

from bot.model.message import Form, Situation
from bot.texts.catalogue import Catalogue


class Library:
    """Asked at every planning: `catalogue` and `forms` are look-ups in memory."""

    def catalogue(self, language: str, agency: str = "") -> Catalogue:
        """The words of a language for an agency: its own texts, those of the nearest one above it, else the shipped."""
        return Catalogue.load(language)

    def forms(self, situation: Situation, language: str, agency: str = "") -> tuple[Form, ...]:
        """The registered templates that came with the text in force; empty: those of the channels' settings count."""
        return ()
