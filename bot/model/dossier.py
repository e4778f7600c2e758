"""A dossier as the one-stop software knows it, and the changes that citizens may be told."""

import marshal
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import Any

from bot.model.clock import EPOCH, MILLISECOND, to_millis


class Status(IntEnum):
    """The national ten (the field `TrangThaiHoSo` of the DVCQG exchange), and a word we do not know."""

    UNKNOWN = 0
    REGISTERED = 1
    """Mới đăng ký"""
    RECEIVED = 2
    """Được tiếp nhận"""
    REFUSED = 3
    """Không được tiếp nhận"""
    PROCESSING = 4
    """Đang xử lý"""
    SUPPLEMENT = 5
    """Yêu cầu bổ sung giấy tờ"""
    PAYMENT = 6
    """Yêu cầu thực hiện nghĩa vụ tài chính"""
    WITHDRAWN = 7
    """Công dân yêu cầu rút hồ sơ"""
    STOPPED = 8
    """Dừng xử lý"""
    DONE = 9
    """Đã xử lý xong"""
    RETURNED = 10
    """Đã trả kết quả"""


class Handing(StrEnum):
    """How papers come in, and how results go out (`KenhThucHien`, `HinhThucTra`)."""

    COUNTER = "counter"
    """Trực tiếp"""
    ONLINE = "online"
    """Trực tuyến; of a result: an electronic document."""
    POST = "post"
    """Dịch vụ bưu chính công ích (BCCI)"""


FINISHED = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.DONE, Status.RETURNED})
"""Nothing more is being worked on: no deadline runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stretch of the work on a dossier: who holds it, since when and until when. Procedures that several agencies
    share (liên thông) have steps of each."""

    agency: str = ""
    """Identifier or name of the agency that holds the dossier in this step, as the source writes it."""
    holder: str = field(default="", repr=False)
    """The unit or officer, for staff alone."""
    task: str = field(default="", repr=False)
    """What is done, in the source's words (nội dung xử lý)."""
    status: Status | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    """Until when this step should take."""
    ended_at: datetime | None = None

    @property
    def told(self) -> tuple[object, ...]:
        status = None if self.status is None else int(self.status)
        moments = (_moment(self.started_at), _moment(self.due_at), _moment(self.ended_at))
        return (self.agency, self.holder, self.task, status, *moments)


@dataclass(frozen=True, slots=True)
class Wait:
    """A time in which the citizen was asked for a supplement and the clock of the office may stand."""

    asked_at: datetime
    answered_at: datetime | None = None
    """None while the papers have not come."""

    @property
    def told(self) -> tuple[object, ...]:
        return (_moment(self.asked_at), _moment(self.answered_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReport:
    """What a source tells of a dossier's progress alone, without its other fields (`CapNhatTienDoHoSoMC`)."""

    source: str
    code: str
    status: Status | None = None
    """None where the report names none."""
    status_text: str = ""
    step: Step | None = None
    at: datetime | None = None
    """When it happened at the source."""
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One dossier of one source. Identity is (source, code); names and phones never show in `repr`."""

    source: str
    """The name of the source in the configuration."""
    code: str
    """Canonical dossier code, such as `H56.14-240823-0001`."""
    status: Status = Status.UNKNOWN
    status_text: str = ""
    """The source's own word for the status, as written there."""
    agency: str = ""
    """Identifier of the receiving agency, such as `H56.14`."""
    agency_name: str = ""
    procedure: str = ""
    """Procedure code (mã TTHC), such as `1.005129`."""
    procedure_name: str = ""
    applicant: str = field(default="", repr=False)
    """Name of the owner of the dossier (chủ hồ sơ)."""
    phone: str = field(default="", repr=False)
    """Phone number: E.164 where it could be understood, else as the source wrote it."""
    received_at: datetime | None = None
    appointment_at: datetime | None = None
    """Ngày hẹn trả: when the result is promised."""
    finished_at: datetime | None = None
    supplement: str = field(default="", repr=False)
    """What the citizen is asked to add (nội dung bổ sung)."""
    reason: str = field(default="", repr=False)
    """Why: of a supplement, a refusal, a stop or a new appointment, as the status says."""
    place: str = ""
    """Where and when the result can be collected."""
    lookup_code: str = field(default="", repr=False)
    """Mã tra cứu: the secret printed on the receipt slip, as the source writes it."""
    id_tail: str = field(default="", repr=False)
    """The last four digits of the owner's identity paper; nothing more of it is kept."""
    filed_by: Handing | None = None
    returned_by: Handing | None = None
    """How the citizen wants the result."""
    tracking: str = ""
    """Code of the postal item that brings the result (mã bưu gửi)."""
    fee: str = ""
    """What is to be paid, as the source writes it: `150.000 đồng`."""
    fee_paid_at: datetime | None = None
    supplement_until: datetime | None = None
    """Until when the supplement is to be handed in."""
    paused_at: datetime | None = None
    """Since when the office's clock stands, where the source tells it apart from a supplement; None: it runs."""
    steps: tuple[Step, ...] = ()
    """In the order of their beginning; empty where the source does not tell them."""
    waits: tuple[Wait, ...] = ()
    """Supplements asked for, in order: as the source tells them, or as the mirror saw the status come and go."""
    pauses: tuple[Wait, ...] = ()
    """Pauses that are over, as the mirror saw `paused_at` come and go. Set by the mirror."""
    updated_at: datetime | None = None
    """When the source says that it last changed this dossier; orders what arrives, citizens are not told of it."""
    sequence: int | None = None
    """The source's own count of this dossier's versions, where it has one: decides before `updated_at`."""
    progressed_at: datetime | None = None
    """When status or steps last moved, as far as the mirror knows. Set by the mirror."""
    first_seen_at: datetime | None = None
    """When the mirror saw it first. Set by the mirror."""
    due_at: datetime | None = None
    """The deadline after the source's rule for supplements, or the date promised in our apology. Set by the mirror."""
    promised_at: datetime | None = None
    """The new date of an apology that went out by us, while the source still names the old one. Set by the database."""

    @property
    def appointment(self) -> datetime | None:
        """The date that holds: what was promised last."""
        return self.promised_at or self.appointment_at

    @property
    def terms(self) -> tuple[object, ...]:
        """What few dossiers have, as plain values; empty where there is nothing of it."""
        terms = (
            self.filed_by, self.returned_by, self.tracking, self.fee,
            self.fee_paid_at, self.supplement_until, self.paused_at,
        )  # fmt: skip
        if not any(terms) and not self.pauses:
            return ()
        plain = tuple(_moment(each) if isinstance(each, datetime) else str(each) if each else None for each in terms)
        return (*plain, tuple(pause.told for pause in self.pauses)) if self.pauses else plain

    @property
    def told(self) -> tuple[object, ...]:
        """Everything that citizens or staff may be told: where it is equal, nothing is news."""
        received, appointment, finished = self.received_at, self.appointment_at, self.finished_at
        # Written out: a full reading asks this of every dossier.
        told = (
            int(self.status), self.status_text, self.agency, self.agency_name, self.procedure, self.procedure_name,
            self.applicant, self.phone,
            None if received is None else (received - EPOCH) // MILLISECOND,
            None if appointment is None else (appointment - EPOCH) // MILLISECOND,
            None if finished is None else (finished - EPOCH) // MILLISECOND,
            self.supplement, self.reason, self.place, self.lookup_code, self.id_tail,
        )  # fmt: skip
        terms = self.terms
        if not self.steps and not self.waits and not terms:
            return told
        course = (tuple(step.told for step in self.steps), tuple(wait.told for wait in self.waits))
        return (*told, *course, terms) if terms else (*told, *course)

    @property
    def fingerprint(self) -> str:
        """Hash of everything in a source's record, by which the mirror sees whether just this came before."""
        return fingerprint_of((*self.told, _moment(self.updated_at), self.sequence))


def fingerprint_of(told: tuple[Any, ...]) -> str:
    """24 hexadecimal digits; equal for equal plain values. A Python that writes them otherwise costs one comparison
    of each dossier, and tells nobody anything."""
    # Format 0 of marshal has no references: equal values are equal bytes, whichever objects they are.
    return blake2b(marshal.dumps(told, 0), digest_size=12).hexdigest()


def _moment(value: datetime | None) -> int | None:
    return None if value is None else to_millis(value)


class ChangeKind(StrEnum):
    APPEARED = "appeared"
    """The dossier was not in the mirror before."""
    STATUS = "status"
    SUPPLEMENT = "supplement"
    """The request for a supplement has a new wording while the status stays."""
    APPOINTMENT = "appointment"
    STEP = "step"
    """Somebody else holds it, or a step has ended."""
    PHONE = "phone"
    """The number to which messages go is another one."""
    OWNER = "owner"
    """The applicant's name is another one."""
    DETAILS = "details"
    """Something else that citizens may see: an agency, a place, a procedure's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two states of a dossier, numbered from 1 within the dossier."""

    source: str
    code: str
    number: int
    kind: ChangeKind
    at: datetime
    """When the mirror saw it."""
    status_before: Status | None = None
    status_after: Status
    appointment_before: datetime | None = None
    appointment_after: datetime | None = None
    fate: str = ""
    """What came of it: `PLANNED`, `TOLD_ALONG`, or why nobody is told. Every change has one."""


PLANNED = "planned"
"""A message was planned from it: `plans` counts it under the change's name."""
TOLD_ALONG = "told along"
"""It came together with another change of the same dossier, which speaks for both."""


def diff(before: Dossier | None, after: Dossier, *, last_number: int, at: datetime) -> tuple[Change, ...]:
    """What has changed from `before` to `after`, most telling first; nothing where nothing is news.

    `last_number` is the number of the dossier's newest change so far, 0 for none.
    """
    kinds = _kinds(before, after)
    return tuple(
        Change(
            source=after.source,
            code=after.code,
            number=number,
            kind=kind,
            at=at,
            status_before=before.status if before else None,
            status_after=after.status,
            appointment_before=before.appointment_at if before else None,
            appointment_after=after.appointment_at,
        )
        for number, kind in enumerate(kinds, last_number + 1)
    )


def _kinds(before: Dossier | None, after: Dossier) -> list[ChangeKind]:
    if before is None:
        return [ChangeKind.APPEARED]
    if before.told == after.told:
        return []
    kinds = []
    # A source's own word tells citizens something only where it is all that we have.
    if before.status is not after.status or (
        after.status is Status.UNKNOWN and before.status_text != after.status_text
    ):
        kinds.append(ChangeKind.STATUS)
    elif (before.supplement, before.reason) != (after.supplement, after.reason):
        kinds.append(ChangeKind.SUPPLEMENT)
    # The mirror keeps milliseconds: what a source tells more exactly is not another appointment.
    if _moment(before.appointment_at) != _moment(after.appointment_at):
        kinds.append(ChangeKind.APPOINTMENT)
    if before.steps != after.steps:
        kinds.append(ChangeKind.STEP)
    if before.phone != after.phone:
        kinds.append(ChangeKind.PHONE)
    if before.applicant != after.applicant:
        kinds.append(ChangeKind.OWNER)
    return kinds or [ChangeKind.DETAILS]
