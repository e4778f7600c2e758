"""Everything that citizens read: the words (vi/, en/), and how they become a message."""

from bot.texts.catalogue import Catalogue, Rendered, show_moment
from bot.texts.library import Library
from bot.texts.sentences import sentence
from bot.texts.syntax import MissingValueError

__all__ = ["Catalogue", "Library", "MissingValueError", "Rendered", "sentence", "show_moment"]
