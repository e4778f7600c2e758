"""What the API takes and gives, as pydantic models: the OpenAPI description is made of them."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bot.api_wishes import TELLABLE
from bot.model.broadcast import LONGEST_TITLE
from bot.model.message import DeliveryState

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_WHOLE = re.compile(r"[1-9][0-9]{0,2}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
ITEM_ID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
BROADCAST_ID = r"^PT-[0-9]{6}-[0-9]{4,6}$"


def _moment(value: object) -> object:
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        raise ValueError("not a date-time of RFC 3339")
    return value


def _whole(value: object) -> object:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError("not a whole number")
    return value


def _plain(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("control characters are not allowed")
    return value


def _tellable(value: str) -> str:
    if value not in TELLABLE:
        raise ValueError("no such situation")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Plain = AfterValidator(_plain)
Value = Annotated[str, Field(max_length=500), Plain]
Phone = Annotated[str, Field(min_length=8, max_length=20, examples=["0912345678"]), Plain]
Code = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{3,59}$", description="mã hồ sơ", examples=["H56.14-240823-0001"])
]
Agency = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9]+(\.[A-Za-z0-9]+)*)?$", max_length=60, description="mã cơ quan; trống: của khóa")
]
Reference = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._:-]{0,64}$",
        description="tên riêng của bên gọi, không có dữ liệu cá nhân / the caller's own name, nothing personal",
    ),
]
Language = Literal["vi", "en"]
SituationName = Annotated[
    str,
    AfterValidator(_tellable),
    Field(json_schema_extra={"enum": sorted(map(str, TELLABLE))}, examples=["result"], max_length=40),
]


class Taken(BaseModel):
    """What is sent to us: unknown names are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Given(BaseModel):
    """What we answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ToDossier(Taken):
    """Everybody whom a change of this dossier is told: its owner by the best way, and who follows it."""

    kind: Literal["dossier"]
    code: Code
    source: Annotated[str, Field(max_length=60, description="chỉ khi hai nguồn có cùng mã")] = ""


class ToPhone(Taken):
    """The owner of a phone: by a chat bound to it or by SMS, in the office's order."""

    kind: Literal["phone"]
    phone: Phone
    values: Annotated[
        dict[Annotated[str, Field(max_length=40)], Value], Field(max_length=30, description="giá trị của mẫu tin")
    ] = {}
    agency: Agency = ""
    language: Language = "vi"


class NewNotification(Taken):
    """A message by the text in force for a situation, which is named itself or by a registered template."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["situation"]}, {"required": ["template"]}]},
    )

    situation: Annotated[SituationName, Field(description="hoặc template / or template")] = Field(default_factory=str)
    template: Annotated[
        str,
        Field(
            pattern=r"^[^\x00-\x1f\x7f]{1,100}$",
            description="mã mẫu tin ở nhà mạng hoặc Zalo, thay cho situation / the provider's id of the registered "
            "template, in place of situation",
            examples=["100004"],
        ),
        Plain,
    ] = Field(default_factory=str)
    to: Annotated[ToDossier | ToPhone, Field(discriminator="kind")]
    reference: Reference = ""


class Planned(Given):
    """One message that was planned. One request may plan several: the owner's, and one for each who follows."""

    id: Annotated[str, Field(pattern=ITEM_ID)]
    state: DeliveryState
    channel: Annotated[str, Field(description="sms, zalo, zalophone, telegram, webchat …; api-test: khóa thử")]
    recipient: Annotated[str, Field(description="che bớt / masked")]
    quiet_until: Annotated[datetime | None, Field(description="giữ tới hết giờ yên tĩnh / held for quiet hours")] = None


class Accepted(Given):
    """Durable: what is listed here will be sent, or its state will say why not."""

    notifications: list[Planned]


class Sentence(Given):
    vi: str
    en: str


class Notification(Given):
    """A message as it stands."""

    id: Annotated[str, Field(pattern=ITEM_ID)]
    state: DeliveryState
    sentence: Sentence
    reason: Annotated[str, Field(description="lời của nhà mạng hoặc của hệ thống / the provider's or our words")]
    situation: str
    channel: str
    recipient: str
    dossier: Annotated[str, Field(description="mã hồ sơ; trống: không nói về hồ sơ")]
    reference: str
    is_test: bool
    parts: int
    cost: Annotated[int | None, Field(description="đồng; null: không rõ hoặc không mất tiền")]
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    expires_at: datetime


class NotificationList(Given):
    """Newest first. A page may be short, or empty: go on until `next` is null."""

    notifications: list[Notification]
    next: Annotated[str | None, Field(description="đưa vào tham số before / to be given as `before`")]


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    state: DeliveryState | None = None
    since: Moment | None = None
    before: Annotated[str, Field(pattern=ITEM_ID)] | None = None
    limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(_whole)] = 50


class ByPhone(Taken):
    """The phone to which the dossier belongs."""

    kind: Literal["phone"]
    phone: Phone


class ByChat(Taken):
    """A chat that is bound to that phone, or follows the dossier."""

    kind: Literal["chat"]
    scheme: Literal["zalo", "telegram", "webchat", "zalobot"]
    id: Annotated[str, Field(min_length=1, max_length=100), Plain]


class StatusQuestion(Taken):
    code: Code
    citizen: Annotated[ByPhone | ByChat, Field(discriminator="kind")]
    language: Language = "vi"


class DossierStatus(Given):
    """What this citizen may know. For somebody who only follows the dossier the last five are empty."""

    code: str
    status: Annotated[int, Field(ge=0, le=10, description="mười trạng thái quốc gia; 0: chưa rõ")]
    status_words: str
    received_at: datetime | None
    appointment_at: datetime | None
    finished_at: datetime | None
    fresh_at: Annotated[datetime | None, Field(description="dữ liệu đúng tới lúc này / true as of then")]
    is_stale: Annotated[bool, Field(description="đã lâu chưa cập nhật: đừng nói như hiện tại")]
    right: Literal["full", "details"]
    agency: str
    procedure: str
    supplement: str
    reason: str
    place: str


class NewRecipient(Taken):
    phone: Phone
    code: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._/-]{3,59})?$")] = ""
    values: Annotated[dict[Annotated[str, Field(max_length=40)], Value], Field(max_length=30)] = {}


class NewBroadcast(Taken):
    """A draft: somebody submits it in the console, and another person approves it."""

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE), Plain]
    agency: Agency = ""
    chat: Annotated[str, Field(max_length=2000, description="lời cho Zalo, Telegram, web"), Plain] = ""
    sms: Annotated[str, Field(max_length=1000, description="lời cho SMS"), Plain] = ""
    language: Language = "vi"
    recipients: Annotated[list[NewRecipient], Field(min_length=1, max_length=100_000)]


class Broadcast(Given):
    id: Annotated[str, Field(pattern=BROADCAST_ID)]
    title: str
    agency: str
    state: str
    people: int
    handed_out: int
    made_at: datetime
    starts_at: datetime | None
    began_at: datetime | None
    ended_at: datetime | None
    states: Annotated[dict[str, int], Field(description="tin theo trạng thái / messages by state")] = {}


class FaultShown(Given):
    in_: Annotated[Literal["body", "query", "header"], Field(alias="in")]
    pointer: Annotated[str, Field(description="JSON pointer (RFC 6901)")]
    detail: str


class Problem(Given):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultShown]
