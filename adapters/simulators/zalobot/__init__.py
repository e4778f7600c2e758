"""A stand-in for the Zalo Bot Platform: its Bot API on localhost, with one bot, any number of users, and failures on
request.

A chat is sixteen hexadecimal digits or more; its last four characters choose how it behaves: 0001 has shut the bot
out (403), 0002 does not exist (400), 0006 is told twice for each text to slow down (429), 0007 gets the message but
the connection falls the first time, 0008 is silence, not taken, 0500 fails in the platform's own form, 0502 is a
gateway's page, 0999 an answer that is not JSON. Updates are handed out once: by a poll, one at a time, or to the
webhook, and then `getUpdates` is refused. `/` is a page on which one is the citizen; tests play her through
`/_control/…` (`control`).
"""

from adapters.simulators.zalobot.server import run
from adapters.simulators.zalobot.settings import Settings

__all__ = ["Settings", "run"]
