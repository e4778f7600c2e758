"""Tells Telegram which commands the bot has, in each language."""

import logging

from telegram import BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.channels.telegram.client import QuietBot
from adapters.channels.telegram.commands import MENUS
from adapters.channels.telegram.rhythm import Patience, Rhythm

_log = logging.getLogger(__name__)


async def announce(bot: QuietBot, channel: str, rhythm: Rhythm) -> None:
    """Once; again only while Telegram cannot be reached. A bot without a menu works, so nothing is raised."""
    patience = Patience(channel, rhythm, _log)
    while True:
        try:
            for language, menu in MENUS.items():
                await bot.set_my_commands(
                    [BotCommand(each.name, each.description) for each in menu],
                    scope=BotCommandScopeAllPrivateChats(),
                    language_code=language or None,
                )
        except (BadRequest, InvalidToken) as error:
            _log.warning("%s: Telegram does not take the menu of commands: %s", channel, error.message[:200])
            return
        except TelegramError as error:
            await patience.rest(patience.growing(f"the menu of commands waits: {error.message[:200]}"))
        else:
            return
