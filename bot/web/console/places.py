"""The pages that stand in the navigation, and who sees which."""

from dataclasses import dataclass

from bot.model.staff import Member, Right
from bot.web.prefix import PREFIX


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation."""

    path: str
    word: str
    """Its name in `words/*/frame.toml`."""
    right: Right

    def is_here(self, path: str) -> bool:
        """Whether the address is on this page, or below it."""
        here = path.removeprefix(PREFIX)
        return here == self.path or (self.path != "/" and here.startswith(f"{self.path}/"))


PLACES = (
    Place("/", "today", Right.SEE),
    Place("/ho-so", "dossiers", Right.SEE),
    Place("/xin-loi", "apologies", Right.SEE),
    Place("/phat-tin", "broadcasts", Right.SEE),
    Place("/tin-nhan", "messages", Right.SEE),
    Place("/hop-thu", "inbox", Right.SEE),
    Place("/mau-tin", "texts", Right.SEE),
    Place("/bao-cao", "reports", Right.SEE),
    Place("/kenh", "channels", Right.SEE),
    Place("/nguon", "sources", Right.SEE),
    Place("/nhan-su", "staff", Right.ADMINISTER),
    Place("/nhat-ky", "audit", Right.AUDIT),
    Place("/khoa-api", "keys", Right.ADMINISTER),
)


def places_of(member: Member) -> list[Place]:
    """Those that this member may open."""
    return [place for place in PLACES if member.may(place.right)]
