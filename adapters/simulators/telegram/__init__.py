"""A stand-in for Telegram: the Bot API on localhost, with one bot, any number of users, and failures on request.

A chat's last three digits choose how it behaves: 901 has blocked the bot, 902 does not exist, 903 is told once to wait
a second, 904 never gets an answer, 905 gets the message but the connection breaks, 906 fails once, 907 is always told
to wait ten minutes, 908 has another address by now, 909 takes no documents, 910 never answers them. Tests and the demo
play the citizen through `/_control/…`, people on the page at `/`.
"""

from adapters.simulators.telegram.server import run
from adapters.simulators.telegram.settings import Settings

__all__ = ["Settings", "run"]
