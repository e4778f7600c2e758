"""Whether the SMSC still hears us: when to try the link with enquire_link, and when to give it up."""


class Liveness:
    """Of one connection. Times are seconds of the event loop, passed in.

    Silence is tried after `quiet` seconds, and then any PDU proves life. Submits that nobody answers are tried at
    once, and then only an answer does: an SMSC that talks but does not listen, or a line that is half open, would
    otherwise turn one window after another into messages of unknown fate.
    """

    def __init__(self, now: float, *, quiet: float, patience: float) -> None:
        self._quiet = quiet
        self._patience = patience
        self._heard_at = now
        self._answered_at = now
        self._enquired_at: float | None = None
        self.doubtful = False
        """Submits were not answered, and neither is our enquiry yet: no more of them should leave."""

    def heard(self, now: float) -> None:
        """Any octets came."""
        self._heard_at = now
        if not self.doubtful:
            self._enquired_at = None

    def answered(self, now: float) -> None:
        """A submit or an enquire_link of ours was answered."""
        self._answered_at = now
        self._enquired_at = None
        self.doubtful = False

    def unanswered(self, now: float) -> None:
        """A submit was given up."""
        if now - self._answered_at >= self._patience:
            self.doubtful = True

    def is_over(self, now: float) -> bool:
        """The enquiry was not answered in time."""
        return self._enquired_at is not None and now - self._enquired_at > self._patience

    def enquires(self, now: float) -> bool:
        """True when an enquire_link is to be written now."""
        if self._enquired_at is not None or not (self.doubtful or now - self._heard_at >= self._quiet):
            return False
        self._enquired_at = now
        return True
