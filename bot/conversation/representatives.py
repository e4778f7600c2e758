"""An owner lets somebody else follow her dossier with a word that she hands on, and takes it back."""

from datetime import timedelta

from bot.conversation.intents import Intent
from bot.conversation.one_time_codes import minutes_of
from bot.conversation.outgoing import sms_item
from bot.conversation.turn import Feature, Turn
from bot.guarding import FORGIVEN, MISS, NETWORK, SENDER, guard
from bot.lookup import is_hers, seek
from bot.model.dossier import Dossier
from bot.model.message import Situation
from bot.model.person import Consent, Follow, Invitation, Purpose, Right
from bot.proving import digest_of, new_word, word_in
from bot.texts import Catalogue

WORDING = "represent/1"
"""Of `reply.accepted`, which says what a representative agrees to."""

LASTS = timedelta(days=3)
"""How long an invitation holds; it is good once."""


async def _invite(turn: Turn, intent: Intent) -> None:
    if not intent.codes and word_in(intent.rest):
        await _accept(turn, intent)
        return
    dossier = await _own_dossier(turn, intent, "invite_how")
    if dossier is None:
        return
    word = new_word()
    invitation = Invitation(digest_of(word), dossier.source, dossier.code, turn.asker.phone, turn.now + LASTS)
    await turn.tx.follows.invite(invitation)
    turn.say("invited", code=dossier.code, word=word, days=str(LASTS.days))


async def _revoke(turn: Turn, intent: Intent) -> None:
    dossier = await _own_dossier(turn, intent, "revoke_how")
    if dossier is None:
        return
    number = await turn.tx.follows.revoke(dossier.source, dossier.code)
    turn.say("revoked", code=dossier.code, number=str(number))


async def _own_dossier(turn: Turn, intent: Intent, question: str) -> Dossier | None:
    """The dossier that was named, or spoken of last, if it is the asker's; else says why not."""
    named = next((each.code for each in intent.codes if each.kind == "dossier"), turn.state.about)
    if not named:
        turn.say(question)
        return None
    found = await seek(
        turn.tx,
        named,
        turn.asker,
        turn.manner.lookup,
        now=turn.now,
        stale_after=turn.manner.stale_after,
        is_tightened=turn.manner.is_tightened(),
    )
    if found.dossier is None or found.right is not Right.FULL:
        turn.say("not_owner", code=named)
        return None
    turn.speak_of(found.dossier.code)
    return found.dossier


async def _accept(turn: Turn, intent: Intent) -> None:
    if intent.codes:
        await _invite(turn, intent)
        return
    word = word_in(intent.rest)
    if not word:
        turn.say("accept_how")
        return
    sender = turn.asker.address.key
    subjects = {SENDER: sender, FORGIVEN: sender, NETWORK: turn.asker.network}
    attempts = await guard(turn.tx, sender, subjects, now=turn.now)
    if wait := attempts.wait([SENDER, NETWORK]):
        turn.say("accept_later", minutes=minutes_of(wait))
        return
    invitation = await turn.tx.follows.redeem(digest_of(word), now=turn.now)
    if invitation is None or not await _still_hers(turn, invitation):
        await attempts.note([SENDER, NETWORK], MISS)
        turn.say("accept_wrong")
        return
    await attempts.forgive()
    await _begin(turn, invitation)


async def _still_hers(turn: Turn, invitation: Invitation) -> bool:
    """The record may have been put right since then, or she has said that the number is not hers."""
    disowned_at = await turn.tx.people.disowned(invitation.phone)
    dossiers = await turn.tx.dossiers.find(invitation.code)
    own = [each for each in dossiers if is_hers(each, invitation.phone, disowned_at)]
    return any(each.source == invitation.source for each in own)


async def _begin(turn: Turn, invitation: Invitation) -> None:
    address = turn.asker.address
    follow = Follow(
        address=address,
        source=invitation.source,
        code=invitation.code,
        channel=turn.message.channel,
        since=turn.now,
        invited_by=invitation.phone,
        language=turn.catalogue.language,
    )
    await turn.tx.follows.add(follow)
    await turn.tx.people.agree([Consent(address, Purpose.UPDATES, WORDING, turn.now)])
    turn.speak_of(invitation.code)
    turn.say("accepted", [turn.option("details", f"hs {invitation.code}")], code=invitation.code)
    _tell_owner(turn, invitation)


def _tell_owner(turn: Turn, invitation: Invitation) -> None:
    """By SMS, which is the way that she has in every case. Who the representative is, we do not know ourselves."""
    channel = _CHANNELS.get(turn.asker.address.scheme, turn.message.channel)
    values = {"office": turn.manner.office, "code": invitation.code, "channel": channel}
    # Nobody knows what she reads: the language of the chat is that of the representative.
    rendered = Catalogue.load("vi").render("reply.represented", values, plain=True)
    if item := sms_item(turn, invitation.phone, Situation.NOTICE, rendered, key="represented"):
        turn.others.append(item)


_CHANNELS = {"zalo": "Zalo", "zalobot": "Zalo", "telegram": "Telegram", "webchat": "trang web", "sms": "SMS"}

FEATURE = Feature(intents={"invite": _invite, "accept": _accept, "revoke": _revoke})
