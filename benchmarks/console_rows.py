"""A province as rows: dossiers over three years, five messages about each, and what goes with them.

All is made of numbers, so that two runs make the same.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model.clock import to_millis
from bot.model.name import given_name, name_words

AGENCIES, PROCEDURES = 163, 400
MESSAGES = 5
"""About one dossier."""
SOURCE = "office"
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
_MIDDLE = ("Thị", "Văn", "Thị Minh", "Quốc", "Hữu", "Ngọc", "Thị Thu", "Đức", "Xuân", "Thanh", "Kim")
_GIVEN = (
    "Anh", "Ánh", "Bình", "Châu", "Dung", "Đạt", "Giang", "Hà", "Hải", "Hạnh", "Hiền", "Hòa", "Hoa", "Hùng", "Hương",
    "Khanh", "Khoa", "Lan", "Linh", "Long", "Mai", "Minh", "Nam", "Nga", "Ngân", "Nhung", "Phúc", "Phương", "Quân",
    "Quỳnh", "Sơn", "Tâm", "Thảo", "Thắng", "Trang", "Trung", "Tuấn", "Tú", "Vân", "Yến",
)  # fmt: skip
_TEXT = "UBND phường: ho so {} dang duoc xu ly. Hen tra ket qua 16:30 30/11/2026. Tra cuu: nhan tin ma ho so ve 8041."
_STATES = (
    ("delivered",) * 90 + ("accepted",) * 4 + ("failed",) * 2 + ("suppressed", "superseded", "expired", "cancelled")
)
_REASONS = {
    "delivered": "stat:DELIVRD err:000", "failed": "stat:UNDELIV err:011", "expired": "waited past its end",
    "suppressed": "no phone number", "superseded": "a newer message took its place", "cancelled": "discarded by lan",
    "uncertain": "no answer within 30 s", "held": "quiet hours until 06:00",
}  # fmt: skip
_SITUATIONS = ("received", "progress", "progress", "result", "returned")
_DAY = 24 * 3600 * 1000

DOSSIER = (
    "code", "source", "status", "status_text", "agency", "agency_name", "procedure", "procedure_name", "applicant",
    "phone", "received_at", "appointment_at", "finished_at", "supplement", "reason", "place", "steps", "waits",
    "updated_at", "sequence", "progressed_at", "due_at", "fingerprint", "last_number", "first_seen_at", "saved_at",
    "name_words", "given",
)  # fmt: skip
CHANGE = (
    "source", "code", "number", "kind", "at", "status_before", "status_after", "appointment_before",
    "appointment_after", "fate",
)  # fmt: skip
MESSAGE = (
    "id", "dedupe_key", "origin", "channel", "address", "lane", "situation", "text", "source", "code", "parts",
    "created_at", "next_at", "expires_at", "status", "appointment_at", "state", "attempts", "reason", "sent_at",
    "settled_at", "agency", "gateway", "cost",
)  # fmt: skip
PART = ("channel", "reference", "item_id", "number", "state", "at")


class Province:
    """`dossiers` in number, the last one received just before `now`."""

    def __init__(self, dossiers: int, now: datetime) -> None:
        self.dossiers = dossiers
        self.now = to_millis(now)
        self._step = 3 * 365 * _DAY // dossiers

    def received(self, number: int) -> int:
        return self.now - (self.dossiers - number) * self._step

    def agency(self, number: int) -> str:
        return f"H32.{number % AGENCIES:02d}"

    def newest_of(self, agency: int) -> int:
        """The number of its last dossier."""
        return self.dossiers - 1 - (self.dossiers - 1 - agency) % AGENCIES

    def code(self, number: int) -> str:
        day = datetime.fromtimestamp(self.received(number) / 1000, UTC) + timedelta(hours=7)
        return f"{self.agency(number)}-{day:%y%m%d}-{number % 100_000:05d}"

    def phone(self, number: int) -> str:
        return f"+849{(number * 7919) % (self.dossiers * 6 // 10 + 1):08d}"

    def message_id(self, number: int, place: int) -> str:
        value = (self._told(number, place) << 80) | (number * MESSAGES + place)
        return "".join(_DIGITS[value >> shift & 31] for shift in range(125, -1, -5))

    def _told(self, number: int, place: int) -> int:
        """So that messages are in the order of time as they are in the order of numbers."""
        return self.received(number) + place * self._step // MESSAGES

    def status(self, number: int) -> int:
        if number < self.dossiers * 9 // 10:
            return (10, 10, 10, 10, 10, 10, 10, 10, 9, 3)[number % 10]
        return (4, 4, 4, 4, 2, 5, 6, 9, 10, 4)[number % 10]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Of `dossiers`."""
        for number in range(self.dossiers):
            at, status, agency = self.received(number), self.status(number), self.agency(number)
            family = _FAMILY[number % 7 if number % 3 else number % 14]
            name = f"{family} {_MIDDLE[number % 11]} {_GIVEN[number * 31 % 40]}"
            words, procedure = name_words(name), number * 17 % PROCEDURES
            # One in forty of what is still in work is late.
            due = at + (-2 if number % 40 == 0 else 10) * _DAY if status not in (5, 9, 10, 3) else at + 10 * _DAY
            due = due if number % 40 == 0 or status in (3, 9, 10) else max(due, self.now + number % 20 * _DAY // 4)
            done = at + 5 * _DAY if status in (3, 9, 10) else None
            yield (
                self.code(number), SOURCE, status, "", agency, f"UBND xã {agency}", f"1.{procedure:06d}",
                f"Thủ tục số {procedure}", name, self.phone(number), at, due, done, "", "", "", "", "", at, None, at,
                due, f"{number:024x}", 2, at, at, words, given_name(words),
            )  # fmt: skip

    def changes(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.dossiers):
            code, at, status = self.code(number), self.received(number), self.status(number)
            yield (SOURCE, code, 1, "appeared", at, None, 2, None, at + 10 * _DAY, "planned")
            yield (SOURCE, code, 2, "status", at + _DAY, 2, status, at + 10 * _DAY, at + 10 * _DAY, "planned")

    def messages(self) -> Iterator[tuple[Any, ...]]:
        last = self.dossiers * MESSAGES
        for number in range(self.dossiers):
            code, agency, phone, status = (
                self.code(number),
                self.agency(number),
                self.phone(number),
                self.status(number),
            )
            for place in range(MESSAGES):
                count = number * MESSAGES + place
                made, at = self.message_id(number, place), self._told(number, place)
                state = self.state(count, last)
                zalo = number % 5 == 0
                sent = at + 2000 if state in ("delivered", "accepted", "failed") else None
                yield (
                    made, made, f"change:{SOURCE}:{code}:{place + 1}", "zalo" if zalo else "sms",
                    f"zalo:{number * 13}" if zalo else f"sms:{phone}", 1, _SITUATIONS[place], _TEXT.format(code),
                    SOURCE, code, 1, at, at, at + 3 * _DAY, status, None, state, 1, _REASONS.get(state, ""), sent,
                    at + 9000, agency, "" if sent is None else "zalo" if zalo else "sms", 0 if zalo else 400,
                )  # fmt: skip

    def state(self, count: int, last: int) -> str:
        """Of the `count`-th message: the newest still wait."""
        if last - count <= 300:
            return "held" if count % 3 == 0 else "queued"
        return "uncertain" if count % 2000 == 1 else _STATES[count * 7 % 100]

    def parts(self) -> Iterator[tuple[Any, ...]]:
        last = self.dossiers * MESSAGES
        for number in range(self.dossiers):
            channel = "zalo" if number % 5 == 0 else "sms"
            for place in range(MESSAGES):
                count = number * MESSAGES + place
                if self.state(count, last) == "delivered":
                    yield (
                        channel,
                        f"{count:x}",
                        self.message_id(number, place),
                        1,
                        "delivered",
                        self._told(number, place),
                    )
