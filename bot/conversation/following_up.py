"""Being told of a dossier in a chat: who knows enough of it may follow it, and stops when she likes."""

from collections.abc import Sequence

from bot.conversation.intents import Intent
from bot.conversation.listing import Listed, followed_dossiers, say_list
from bot.conversation.showing import codes_of, words_with_code
from bot.conversation.turn import Turn
from bot.lookup import Found
from bot.model.code import same_unit_forms
from bot.model.dossier import Dossier
from bot.model.message import Option
from bot.model.person import Consent, Follow, Purpose, Right

WORDING = "follow/1"
"""Of `reply.followed`, which says what somebody agrees to who follows a dossier."""


def ask_to_follow(turn: Turn, code: str) -> Option:
    return turn.option("follow", words_with_code("theo dõi", code))


async def follow(turn: Turn, found: Found) -> None:
    """From now on this chat is told. By SMS only the number on the dossier is, and it is so without asking."""
    dossier = found.dossier
    if dossier is None:
        return
    if turn.asker.address.scheme == "sms":
        turn.say("follow_owner" if found.right is Right.FULL else "follow_sms", code=dossier.code)
        return
    address, language = turn.asker.address, turn.catalogue.language
    if not found.is_followed:
        # Who follows by the owner's leave goes on doing so by it, and can lose it.
        made = Follow(address, dossier.source, dossier.code, turn.message.channel, turn.now, language=language)
        await turn.tx.follows.add(made)
    await turn.tx.people.agree([Consent(address, Purpose.UPDATES, WORDING, turn.now)])
    # Whoever had stopped all messages here wants these now.
    await turn.tx.do_not_send.remove([address])
    turn.say("followed", [_ask_to_stop(turn, dossier.code)], code=dossier.code)


async def stop_following(turn: Turn, intent: Intent) -> None:
    """Of the dossier that is named or spoken of, else of the only one, else asks which."""
    sure, mended = codes_of(intent)
    named = next(iter([*sure, *mended]), "")
    dossiers = await followed_dossiers(turn)
    chosen = _among(dossiers, named or turn.state.about) or ([] if named else dossiers)
    if len(chosen) > 1:
        say_list(turn, "unfollow_which", [Listed(each, is_own=False) for each in dossiers], words="bỏ theo dõi")
    elif chosen:
        await _stop(turn, chosen[0].source, chosen[0].code, is_last=len(dossiers) == 1)
    else:
        turn.say("unfollow_none")


def _among(dossiers: Sequence[Dossier], code: str) -> list[Dossier]:
    """That with this code, in any of its printed forms."""
    forms = (code, *same_unit_forms(code))
    return [each for each in dossiers if each.code in forms][:1]


async def _stop(turn: Turn, source: str, code: str, *, is_last: bool) -> None:
    await turn.tx.follows.remove(turn.asker.address, source, code)
    if is_last and not turn.asker.phone:
        await turn.tx.people.withdraw(turn.asker.address, {Purpose.UPDATES}, at=turn.now)
    turn.say("unfollowed", code=code)


def _ask_to_stop(turn: Turn, code: str) -> Option:
    return turn.option("unfollow", words_with_code("bỏ theo dõi", code))
