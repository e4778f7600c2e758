"""A citizen asks for a clerk, and comes back to the bot; between the two the bot is silent."""

from bot.conversation.concerned import matter_of
from bot.conversation.intents import Intent
from bot.conversation.turn import Feature, Turn
from bot.model.service import Talk


async def _ask_for_clerk(turn: Turn, intent: Intent) -> None:
    if not turn.manner.conversation.clerks:
        turn.say("clerk_none")
        return
    matter = await matter_of(turn, intent)
    talk = Talk(
        address=turn.asker.address,
        channel=turn.message.channel,
        agency=matter.agency,
        begun_at=turn.now,
        heard_at=turn.now,
    )
    await turn.tx.service.begin_talk(talk)
    turn.say("clerk")


async def _back_to_bot(turn: Turn, _: Intent) -> None:
    ended = await turn.tx.service.end_talk(turn.asker.address)
    turn.say("clerk_back" if ended else "cancelled")


FEATURE = Feature(intents={"clerk": _ask_for_clerk, "back": _back_to_bot})
