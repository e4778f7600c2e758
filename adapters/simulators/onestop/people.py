"""Citizens: names as they are in Vietnam, and telephone numbers of every sort that dossiers hold.

The numbers look real and some may be: never connect this simulator to a real gateway.
"""

from collections import deque
from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from adapters.simulators.onestop.quotas import Quota

_FAMILIES = ("Nguyễn",) * 12 + ("Trần",) * 4 + ("Lê",) * 4 + ("Phạm", "Phạm", "Huỳnh", "Huỳnh", "Võ", "Võ") + (
    "Phan", "Trương", "Bùi", "Đặng", "Đỗ", "Ngô", "Hồ", "Dương", "Đinh", "Mấu", "Cao", "Bo Bo",
)  # fmt: skip
_MIDDLES = (
    ("Văn", "Hữu", "Đức", "Minh", "Quốc", "Thành", "Công", ""),
    ("Thị", "Thị", "Thị", "Ngọc", "Thị Thanh", "Thị Kim"),
)
_GIVEN = (
    ("An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hiếu", "Hòa", "Hùng", "Khánh", "Long", "Nam", "Phúc", "Quân", "Sơn",
     "Tài", "Thắng", "Toàn", "Trung", "Tuấn", "Vinh"),
    ("Ánh", "Châu", "Dung", "Duyên", "Hà", "Hạnh", "Hiền", "Hoa", "Hương", "Lan", "Liên", "Loan", "Mai", "Nga", "Nhung",
     "Oanh", "Phượng", "Quỳnh", "Thảo", "Thu", "Trang", "Tuyết", "Uyên", "Vân", "Yến"),
)  # fmt: skip
_MOBILE = ("032", "033", "035", "036", "038", "039", "086", "096", "097", "098", "070", "077", "079", "089", "090",
           "093", "081", "083", "085", "088", "091", "094", "052", "056", "092", "059", "099")  # fmt: skip
_OLD = ("0120", "0121", "0122", "0123", "0126", "0129", "0162", "0165", "0166", "0167", "0168", "0169")
_FOREIGN = ("+1 415 555 01{:02}", "+82 10 2345 67{:02}", "+81 90 1234 56{:02}", "+61 491 570 1{:02}")
_SPECIAL_TAILS = frozenset(f"{tail:04}" for tail in range(1, 10))


class Citizen(NamedTuple):
    name: str
    phone: str


class Citizens:
    """An endless queue at the counter."""

    def __init__(
        self, random: Random, *, special: Mapping[str, float], landline: float, foreign: float, old: float, none: float
    ) -> None:
        """`special` maps last four digits to the share of citizens whose number ends so; the rest are shares."""
        self._random = random
        self._special = [(tail, Quota(share)) for tail, share in special.items() if share > 0]
        self._landline = Quota(landline)
        self._foreign = Quota(foreign)
        self._old = Quota(old)
        self._none = Quota(none)
        self._again = Quota(0.05, phase=0.0)
        self._recent: deque[Citizen] = deque(maxlen=200)

    def next(self) -> Citizen:
        """One in twenty has been here before, with another dossier."""
        if self._again.ask() and self._recent:
            return self._random.choice(self._recent)
        citizen = Citizen(self._name(), self._phone())
        self._recent.append(citizen)
        return citizen

    def _name(self) -> str:
        choice = self._random.choice
        woman = self._random.random() < 0.5
        return " ".join(f"{choice(_FAMILIES)} {choice(_MIDDLES[woman])} {choice(_GIVEN[woman])}".split())

    def _phone(self) -> str:
        choice, number = self._random.choice, self._random.randrange
        for tail, quota in self._special:
            if quota.ask():
                return f"{choice(_MOBILE)}{number(1_000):03}{tail}"
        if self._none.ask():
            return ""
        if self._landline.ask():
            return f"0258 {choice('36')}{number(1_000_000):06}"
        if self._foreign.ask():
            return choice(_FOREIGN).format(number(100))
        if self._old.ask():
            return f"{choice(_OLD)}{self._ordinary(number(10_000_000))}"
        return f"{choice(_MOBILE)}{self._ordinary(number(10_000_000))}"

    def _ordinary(self, number: int) -> str:
        """Seven digits that end like no special number."""
        digits = f"{number:07}"
        return digits if digits[-4:] not in _SPECIAL_TAILS else digits[:-4] + "1234"
