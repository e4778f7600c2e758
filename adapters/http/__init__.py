"""One way to call a provider: each call is made at most once, ends in time, and has exactly one of three ends.

Here is the answer; or nothing left us; or perhaps it did. What an answer means is for each channel to say.
"""

from adapters.http.caller import LONGEST_ANSWER, Caller, calling
from adapters.http.exchange import Answer, DoorClosed, NotSent, Reached, Request, Unanswered, outcome_of_failure
from adapters.http.trust import trust

__all__ = [
    "LONGEST_ANSWER",
    "Answer",
    "Caller",
    "DoorClosed",
    "NotSent",
    "Reached",
    "Request",
    "Unanswered",
    "calling",
    "outcome_of_failure",
    "trust",
]
