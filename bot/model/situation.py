"""What messages are about: the situations that citizens and staff are told of, and the kinds that they belong to."""

from collections.abc import Mapping
from enum import StrEnum


class Situation(StrEnum):
    """What a message is about; one template each.

    Four kinds are named in the founding report: progress, supplement, result, apology. The others are their finer
    forms, so that a citizen reads what happened and an office can switch each on or off; `FAMILY` says which is whose.
    """

    REGISTERED = "registered"
    """Filed online, and waiting to be received."""
    RECEIVED = "received"
    """At the counter."""
    RECEIVED_ONLINE = "received_online"
    RECEIVED_POST = "received_post"
    PROGRESS = "progress"
    """In work."""
    STEP = "step"
    """Another agency or unit has it now."""
    SUPPLEMENT = "supplement"
    SUPPLEMENT_RECEIVED = "supplement_received"
    PAUSED = "paused"
    """The clock of the office stands."""
    RESUMED = "resumed"
    PAYMENT = "payment"
    """A fee or a tax is due."""
    PAID = "paid"
    RESULT = "result"
    """Ready at the counter."""
    RESULT_POST = "result_post"
    """Ready, and on its way by post."""
    RESULT_ONLINE = "result_online"
    """Ready as an electronic document."""
    RESULT_EARLY = "result_early"
    """Ready at the counter before the appointment (NĐ 61/2018 Đ20(4): told beforehand)."""
    RETURNED = "returned"
    """Handed over."""
    REFUSED = "refused"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    APPOINTMENT = "appointment"
    """Another date, and no reason to apologise: it is earlier, or the citizen's own doing."""
    APOLOGY = "apology"
    """Later than promised, with a new date (NĐ 61/2018 Đ19(9))."""
    SURVEY = "survey"
    """Asks, once after a result, how satisfied the citizen is."""
    CONGRATULATION = "congratulation"
    """After the registration of a birth or a marriage."""
    CONDOLENCE = "condolence"
    """After the registration of a death."""
    DIGEST = "digest"
    """Several messages that had waited, as one."""
    BROADCAST = "broadcast"
    """What an office has to say to many: about no change of a dossier, in words written for the occasion."""

    REPLY = "reply"
    """An answer to a citizen's own message."""
    TEST = "test"
    """Sent by an operator to see that a channel works."""
    CODE = "code"
    """A one-time code that binds a chat to the phone which receives it."""
    ANSWER = "answer"
    """A clerk's words: in a conversation that was handed over, or in answer to feedback."""
    NOTICE = "notice"
    """Something about the service itself: that a channel cannot be reached and messages go another way."""

    COLLECTION = "collection"
    """To the postal worker: a result is to be collected at the office (QĐ 45/2016/QĐ-TTg)."""
    DUE_SOON = "due_soon"
    """To staff, and so are those that follow: due soon, and no result."""
    OVERDUE = "overdue"
    """Late, and nobody has apologised."""
    APOLOGY_DRAFT = "apology_draft"
    """An apology waits for somebody's approval."""
    SUPPLEMENT_AGAIN = "supplement_again"
    """Papers were asked for a second time, which counts as late nationally."""
    ALARM = "alarm"
    """Something is wrong with the service."""


FAMILY: Mapping[Situation, Situation] = {
    Situation.REGISTERED: Situation.PROGRESS,
    Situation.RECEIVED: Situation.PROGRESS,
    Situation.RECEIVED_ONLINE: Situation.PROGRESS,
    Situation.RECEIVED_POST: Situation.PROGRESS,
    Situation.STEP: Situation.PROGRESS,
    Situation.SUPPLEMENT_RECEIVED: Situation.PROGRESS,
    Situation.PAUSED: Situation.PROGRESS,
    Situation.RESUMED: Situation.PROGRESS,
    Situation.PAYMENT: Situation.PROGRESS,
    Situation.PAID: Situation.PROGRESS,
    Situation.APPOINTMENT: Situation.PROGRESS,
    Situation.RETURNED: Situation.PROGRESS,
    Situation.RESULT_POST: Situation.RESULT,
    Situation.RESULT_ONLINE: Situation.RESULT,
    Situation.RESULT_EARLY: Situation.RESULT,
}
"""Of the finer situations, which of the founding report's kinds they are: whose registered template they may use where
they have none of their own, and what the figures count them as. What is not here is its own family."""


def family_of(situation: Situation) -> Situation:
    """`FAMILY`, with every other situation its own."""
    return FAMILY.get(situation, situation)


FOR_STAFF = frozenset(
    {
        Situation.COLLECTION,
        Situation.DUE_SOON,
        Situation.OVERDUE,
        Situation.APOLOGY_DRAFT,
        Situation.SUPPLEMENT_AGAIN,
        Situation.ALARM,
    }
)
"""What no citizen is told."""
