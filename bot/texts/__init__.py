"""Everything that citizens read: the words (vi.toml, en.toml), and how they become a message."""

from bot.texts.catalogue import Catalogue, MissingValueError, Rendered, show_moment

__all__ = ["Catalogue", "MissingValueError", "Rendered", "show_moment"]
