"""What staff search for and look at: walks down indexes that end in time, and everything about one thing."""

from storage.console_dossiers import DossierSearch
from storage.console_messages import MessageSearch
from storage.console_stories import Stories


class Console(DossierSearch, MessageSearch, Stories):
    """`bot.ports.console.ConsoleStore` in SQL."""
