"""Somebody wants her data erased: the chat's own goes at once, the phone's is asked of the office with a number."""

from collections.abc import Mapping

from bot.conversation.intents import Intent
from bot.conversation.turn import Turn
from bot.model.clock import VIETNAM
from bot.model.person import Purpose
from bot.model.service import Feedback, FeedbackKind
from bot.ports import ConversationState


async def ask(turn: Turn, _: Intent) -> None:
    """Explains what would be erased, and asks whether that is meant."""
    words = "erase" if turn.asker.phone else "erase_chat"
    turn.say(words, [turn.option("erase", "đúng"), turn.option("no", "không phải")])
    turn.expect("erase.confirm")


async def confirm(turn: Turn, intent: Intent, _: Mapping[str, str]) -> bool:
    """Erases after a yes. Only who proves a phone can have it erased; others lose what their chat has."""
    if intent.name not in ("yes", "no", "cancel"):
        return False
    if intent.name != "yes":
        turn.say("erase_kept")
        return True
    receipt = await _request(turn) if turn.asker.phone else ""
    if not receipt:
        await turn.tx.people.unbind(turn.asker.address)
    await _forget_chat(turn)
    days = str(turn.manner.conversation.keep_text_days)
    if receipt:
        turn.say("erased", receipt=receipt, days=days)
    else:
        turn.say("erased_chat", days=days)
    return True


async def _request(turn: Turn) -> str:
    """What other tables have of the phone is erased by the office (`motcua erase`), which must answer within 72 hours
    (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15). The receipt number."""
    request = Feedback(
        kind=FeedbackKind.ERASURE,
        address=turn.asker.address,
        channel=turn.message.channel,
        text=turn.catalogue.render("reply.erase_request", {}, plain=False).text,
        phone=turn.asker.phone,
        language=turn.catalogue.language,
        at=turn.now,
    )
    day = turn.now.astimezone(VIETNAM).strftime("%y%m%d")
    return await turn.tx.service.add_feedback(request, day=day, prefix=turn.manner.conversation.feedback_prefix)


async def _forget_chat(turn: Turn) -> None:
    """The binding to a phone stays until the phone is erased: by it the erasure finds what this chat has elsewhere."""
    address, people = turn.asker.address, turn.tx.people
    await people.drop_code(address)
    await people.withdraw(address, set(Purpose), at=turn.now)
    await turn.tx.follows.remove_all(address)
    turn.state = ConversationState(language=turn.state.language)
