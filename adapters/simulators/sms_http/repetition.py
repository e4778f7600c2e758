"""The guard of some providers against repetition: the same number, sender and text within some minutes."""

import time
from collections import OrderedDict

from adapters.simulators.sms_http.counter import Submission


class Repetition:
    """Remembers what was taken, for `window` seconds."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._taken: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def has(self, submission: Submission) -> bool:
        """Whether the same was taken within the window."""
        horizon = time.monotonic() - self._window
        while self._taken and next(iter(self._taken.values())) <= horizon:
            self._taken.popitem(last=False)
        return _key(submission) in self._taken

    def note(self, submission: Submission) -> None:
        self._taken[_key(submission)] = time.monotonic()


def _key(submission: Submission) -> tuple[str, str, str]:
    return submission.phone, submission.sender, submission.text
