"""Everything that citizens read: the words (vi/, en/), and how they become a message."""

from bot.texts.catalogue import Catalogue, MissingValueError, Rendered, show_moment
from bot.texts.sentences import sentence

__all__ = ["Catalogue", "MissingValueError", "Rendered", "sentence", "show_moment"]
