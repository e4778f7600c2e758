"""Shows a dossier as far as somebody may see it: the one way by which it is found for every answer."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bot.conversation.intents import Intent
from bot.conversation.turn import Turn
from bot.lookup import Found, seek
from bot.model.clock import VIETNAM
from bot.model.dossier import FINISHED, Dossier
from bot.model.message import Option
from bot.model.person import Right
from bot.model.sms import unaccented
from bot.planning import dossier_values
from bot.texts import show_moment

CODES_AT_ONCE = 3
"""Dossiers answered in one message; more would be a way to guess in bulk."""

_LONGEST_SAYS = 64
"""Bytes of `Option.says`."""

Answer = Callable[[Turn, Found], Awaitable[None]]
"""Says something about a dossier that the asker may see: `Right.FULL` or `Right.DETAILS`."""


def codes_of(intent: Intent) -> tuple[list[str], list[str]]:
    """The dossier codes of a message: those read as they stand, and those that had to be mended."""
    found = [each for each in intent.codes if each.kind == "dossier"]
    return [each.code for each in found if not each.repaired], [each.code for each in found if each.repaired]


async def tell(turn: Turn, code: str, act: str, answer: Answer, *, factor: str = "", asks: bool = True) -> bool:
    """Looks one dossier up and answers; `act` names `answer` for when a second factor is asked for first.

    False where too many attempts have failed: nothing was looked up, and further codes are not worth asking for.
    """
    found = await seek(
        turn.tx,
        code,
        turn.asker,
        turn.manner.lookup,
        now=turn.now,
        stale_after=turn.manner.stale_after,
        factor=factor,
        is_proved=turn.state.proved == code,
        is_tightened=turn.manner.is_tightened(),
    )
    if found.wait:
        turn.outcome = "throttled"
        turn.say("throttled", minutes=_minutes(found.wait.total_seconds()))
        return False
    if asks:
        turn.speak_of(found.dossier.code if found.dossier else code)
    if found.right in (Right.FULL, Right.DETAILS):
        if factor and found.right is Right.DETAILS:
            turn.prove(found.dossier.code if found.dossier else code)
        await answer(turn, found)
    else:
        _say_to_stranger(turn, found, act, asks=asks)
    return True


def ask_back(turn: Turn, code: str, act: str, *, factor: str = "") -> None:
    """A code that we had to mend is never used unless the citizen says that it is hers."""
    yes, no = turn.catalogue.buttons["yes"], turn.catalogue.buttons["no"]
    turn.outcome = "confirm"
    turn.say("confirm", [Option(yes, yes), Option(no, no)], code=code)
    turn.expect("confirm", code=code, act=act, factor=factor)


def say_procedure(turn: Turn, intent: Intent) -> None:
    """Somebody sent the code of a procedure in place of a dossier's."""
    turn.outcome = "procedure"
    turn.say("procedure", code=intent.codes[0].code)


def show(turn: Turn, found: Found, options: Sequence[Option] = ()) -> None:
    """Everything that the asker may see."""
    if found.dossier is None:
        return
    form = "full" if found.right is Right.FULL else "details"
    turn.say(f"{form}_stale" if found.stale else form, options, **values_of(turn, found, found.dossier))


def values_of(turn: Turn, found: Found, dossier: Dossier) -> dict[str, str]:
    """What may be said of the dossier to one of this right; empty what may not, or is not so."""
    values = dossier_values(dossier, turn.catalogue) | {
        "received": show_day(dossier.received_at),
        "days": "" if found.stale else days_left(turn, dossier),
        "synced": show_moment(found.fresh_at),
    }
    if found.right is Right.FULL:
        return values
    return values | dict.fromkeys(_FOR_OWNERS, "")


_FOR_OWNERS = ("procedure", "agency", "supplement", "supplement_until", "reason", "place", "fee", "tracking")


def days_left(turn: Turn, dossier: Dossier) -> str:
    """`còn 3 ngày làm việc`, `hôm nay`, `đã quá 2 ngày làm việc`; empty where no deadline runs."""
    if dossier.appointment is None or dossier.status in FINISHED:
        return ""
    calendar = turn.manner.calendars.of(dossier.agency)
    today, day = turn.now.astimezone(VIETNAM).date(), dossier.appointment.astimezone(VIETNAM).date()
    count = calendar.working_days(today, day) or calendar.working_days(day, today)
    # Flags for the template, which knows only texts.
    flags = {"today": "1" if day == today else "", "late": "1" if day < today else ""}
    return phrase(turn, "days_left", days=str(count) if count else "", **flags)


def phrase(turn: Turn, name: str, **values: str) -> str:
    """A part of a sentence, by the name of its reply."""
    return turn.catalogue.render(f"reply.{name}", values, plain=turn.is_plain).text


def factors_in_words(turn: Turn) -> str:
    """`mã tra cứu trên giấy hẹn hoặc 4 số cuối …`, as the office allows; empty where nothing helps."""
    allowed = turn.manner.lookup.factors
    if not allowed:
        return ""
    return phrase(turn, "factors", **{kind: "1" if kind in allowed else "" for kind in ("lookup_code", "phone", "id")})


def show_day(moment: datetime | None) -> str:
    """`30/11/2026` in Vietnam; empty for none."""
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y") if moment else ""


def words_with_code(words: str, code: str) -> str:
    """What an option says, within its limit."""
    says = f"{words} {code}"
    return says if len(says.encode()) <= _LONGEST_SAYS else unaccented(says)


def can_bind(turn: Turn) -> bool:
    """This chat is bound to no phone, and there is a way to bind it."""
    shares_phone = turn.manner.shares_phone.get(turn.message.channel, False)
    return not turn.asker.phone and (shares_phone or turn.manner.sms is not None)


def _say_to_stranger(turn: Turn, found: Found, act: str, *, asks: bool) -> None:
    """The same to everybody whose right is the same, whatever the reason."""
    factors = factors_in_words(turn) if asks else ""
    options = [turn.option("bind", "liên kết")] if asks and can_bind(turn) else []
    if found.dossier is None:
        turn.say("nothing", options, code=found.code, factors=factors)
    else:
        # The source's own word for a status may say more than how far the dossier is.
        status = turn.catalogue.status(found.dossier.status)
        form = "level_stale" if found.stale else "level"
        synced = show_moment(found.fresh_at)
        turn.say(form, options, code=found.dossier.code, status=status, synced=synced, factors=factors)
    if factors:
        turn.expect("factor", code=found.code, act=act)


def _minutes(seconds: float) -> str:
    """Rounded up."""
    return str(-(-int(seconds) // 60))
