"""The shape of config.toml, and errors that an operator can read."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from bot.api_settings import ApiSettings
from bot.backup_settings import BackupSettings
from bot.broadcast_settings import BroadcastSettings
from bot.console_settings import ConsoleSettings
from bot.deadline_settings import ApologySettings, CalendarSettings, ContactSettings, DeadlineSettings
from bot.gateway_settings import BudgetSettings, GatewaySettings, RouteSettings
from bot.heartbeat_settings import HeartbeatSettings
from bot.log_settings import LogSettings
from bot.model.errors import ConfigError
from bot.model.message import Situation
from bot.report_settings import ReportSettings
from bot.retention_settings import RetentionSettings
from bot.settings import SecretAt, Settings
from bot.situation_settings import QuietSettings, ReachSettings, SituationSettings

S = TypeVar("S", bound=BaseModel)


class Strangers(StrEnum):
    """What somebody learns who only knows a code. Codes are serial numbers: a code proves nothing."""

    LEVEL = "level"
    """Code and level of completion, the most that TT 01/2018/TT-VPCP Đ16(2)(d) allows."""
    NOTHING = "nothing"
    """Not even whether the code exists."""


class StorageSettings(Settings):
    """[storage]"""

    url: str = Field("sqlite:motcua.db", description="sqlite:PATH, sqlite::memory: or postgresql://user@host/db")
    keep_months: int = Field(0, ge=0, description="whole months of messages and changes that are kept; 0: all of them")
    keys: SecretAt | None = Field(
        None, description='ring of keys under which phones, names and texts are sealed: "file:PATH"; none: they are not'
    )

    @property
    def ring(self) -> Callable[[], str] | None:
        """Reads the ring of keys."""
        return self.keys.read if self.keys else None


_ANCESTOR = re.compile(r"'self'|https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?")


def _ancestor(value: str) -> str:
    if not _ANCESTOR.fullmatch(value):
        raise ValueError("expected 'self' (with its quotes) or an origin such as https://dichvucong.gov.vn")
    return value


class PageSettings(Settings):
    """How the pages look and behave. The address and port are the business of whoever serves them."""

    office: str = Field(default="Bộ phận Một cửa", description="Name in the head of every page")
    short_code: str = Field(
        default="", description="Number to which citizens text their code, shown on the page; empty: not shown"
    )
    behind_tls: bool = Field(
        default=False,
        description="True where citizens come by https: cookies are Secure and browsers are told to stay on https",
    )
    frame_ancestors: tuple[Annotated[str, AfterValidator(_ancestor)], ...] = Field(
        default=(),
        description="Origins that may show the pages in a frame, such as the province's portal; empty: none may, and "
        "there is no /nhung. That page is made for frames and needs no cookie (docs/embedding.md)",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Networks of our own proxies, whose X-Forwarded-For is believed"
    )
    heartbeat: float = Field(default=15.0, gt=0, description="Seconds between signs of life on an open chat")
    answer_wait: float = Field(
        default=3.0, ge=0, description="Seconds that a page without JavaScript waits for the answer"
    )


class WebSettings(PageSettings):
    """[web]"""

    enabled: bool = Field(True, description="serve the public page, console, API and the addresses that others call")
    host: str = Field("127.0.0.1", description="address to listen on; a reverse proxy stands before it")
    port: int = Field(8080, ge=1, le=65535)
    health_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="where a process with neither role web nor receive tells how it fares; 0: nowhere",
    )
    status: bool = Field(True, description="whether /tinh-trang tells everybody how the service fares")
    visitor_per_minute: int = Field(20, ge=1, description="messages that one visitor may send in a minute")
    network_per_minute: int = Field(120, ge=1, description="the same for all visitors from one address")
    network_streams: int = Field(500, ge=1, description="chats that may be open at once from one address")
    connections: int = Field(8_000, ge=10, description="connections that may be open at once")
    address_connections: int = Field(
        1_000, ge=1, description="the same of one address; this machine and `trusted_proxies` are not counted"
    )
    head_seconds: float = Field(20.0, gt=0, description="seconds within which the head of a call has come")
    key_file: Path = Field(Path("web.key"), description="key that signs sessions; made if it is missing")


class TextSettings(Settings):
    """[texts]"""

    language: str = Field("vi", pattern="^(vi|en)$", description="language of pushed messages")
    accented_sms: tuple[Situation, ...] = Field(
        (), description="kinds of message whose SMS keeps its accents: see `motcua sms` for what that costs"
    )
    hours: str = Field("trong giờ hành chính", description="when results can be collected, in words")
    example: str = Field("H56.14-240823-0001", description="a dossier code to show as an example")
    signature: str = Field(
        "", max_length=30, description="words that every SMS to a citizen must contain, as MOTCUA; empty: none"
    )
    sensitive: tuple[str, ...] = Field(
        (), description="procedures by code that messages do not name, nor what is asked for: such as 1.001776"
    )


class Factor(StrEnum):
    """What somebody may know of a dossier beside its code."""

    LOOKUP_CODE = "lookup_code"
    """Mã tra cứu, printed on the receipt slip."""
    PHONE = "phone"
    """The last four digits of the phone on the dossier."""
    ID = "id"
    """The last four digits of the owner's identity paper."""


class LookupSettings(Settings):
    """[lookup] Who learns what, and what is done against guessing."""

    strangers: Strangers = Field(Strangers.LEVEL, description="what somebody learns who only knows a code")
    factors: tuple[Factor, ...] = Field(
        (Factor.LOOKUP_CODE, Factor.PHONE, Factor.ID),
        description="what a stranger may name beside the code to see status and dates; empty: nothing helps",
    )
    tighten: bool = Field(True, description="while codes are being guessed, strangers learn nothing")
    alarm_failures: int = Field(60, ge=1, description="failed look-ups within `alarm_window` that are an attack …")
    alarm_senders: int = Field(10, ge=1, description="… if they come from so many senders at least")
    alarm_window: float = Field(600.0, gt=0, description="seconds over which failed look-ups are counted")
    binding_days: int = Field(180, ge=1, description="days of silence after which a chat is no longer bound to a phone")


class ConversationSettings(Settings):
    """[conversation] What the bot does beside looking up."""

    forget_minutes: float = Field(15.0, gt=0, description="minutes for which an unanswered question stands")
    keep_text_days: int = Field(30, ge=0, description="days for which what citizens wrote is kept")
    clerks: bool = Field(True, description="whether a conversation can be handed over to a clerk")
    clerk_idle_hours: float = Field(24.0, gt=0, description="hours without a word after which the bot answers again")
    feedback_prefix: str = Field("PA", pattern=r"^[A-Z]{1,4}$", description="letters before a feedback's number")
    hotline: str = Field("", description="phone number of the office's hot line, shown to citizens; empty: none")
    official: tuple[str, ...] = Field(
        (), description='how to recognise us, a line each: "Zalo: Một cửa tỉnh …", "SMS: MOTCUA"'
    )


class SurveySettings(Settings):
    """[survey] The question after a result was handed over."""

    enabled: bool = Field(True, description="whether citizens are asked how satisfied they are")
    schemes: tuple[str, ...] = Field(
        ("zalo", "zalobot", "telegram", "webchat"), description='where; "sms" costs a message for each result'
    )
    days: int = Field(7, ge=1, description="days for which an answer is taken")


class LinkSettings(Settings):
    """[links] Where our channels are, for deep links and QR codes."""

    web: str = Field("", description="address of the public page: https://hoso.tinh.gov.vn")
    telegram: str = Field("", pattern=r"^[A-Za-z0-9_]{0,32}$", description="name of the Telegram bot, without @")
    zalo: str = Field("", pattern=r"^[0-9]{0,24}$", description="id of the Zalo official account")
    sms: str = Field("", description="number to which citizens text; empty: none")


class OutboxSettings(Settings):
    """[outbox] All in seconds."""

    lease: float = Field(60.0, gt=0, description="how long a claimed message is held by one sender; then uncertain")
    send: float = Field(30.0, gt=0, description="longest time that one send may take; under `lease`")
    fresh: float = Field(5.0, gt=0, description="how long a claimed message may wait before it is checked anew")
    poll: float = Field(2.0, gt=0, description="between two looks at the table without a wake-up")
    sweep: float = Field(1.0, gt=0, description="between two looks for ended leases and expired messages")
    drain: float = Field(15.0, gt=0, description="how long a stop waits for what is under way")

    @model_validator(mode="after")
    def _send_ends_before_lease(self) -> Self:
        if self.send >= self.lease:
            raise ValueError("`send` must be shorter than `lease`")
        return self


class WatchSettings(Settings):
    """[watch] The service watches itself."""

    every: float = Field(60.0, gt=0, description="seconds between two looks at ages, rates and heartbeats")
    unsent_minutes: float = Field(10.0, gt=0, description="age of the oldest message that could leave, for an alarm")
    quick_seconds: float = Field(5.0, gt=0, description="the speed objective: replies that take no longer …")
    quick_percent: float = Field(99.0, gt=0, le=100, description="… are at least so many percent …")
    slow_seconds: float = Field(60.0, gt=0, description="… and none takes longer than this")
    failure_percent: float = Field(3.0, gt=0, le=100, description="failed messages of a channel or agency: shown")
    alarm_percent: float = Field(30.0, gt=0, le=100, description="failed messages of a channel or agency: an alarm")
    failure_volume: int = Field(20, ge=1, description="messages in the hour under which failures say nothing")
    metrics_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")), description="networks that may read /metrics"
    )


class Config(Settings):
    """The whole file. `channels` and `sources` are read further by the adapter that each `kind` names."""

    storage: StorageSettings = StorageSettings()
    web: WebSettings = WebSettings()
    texts: TextSettings = TextSettings()
    lookup: LookupSettings = LookupSettings()
    conversation: ConversationSettings = ConversationSettings()
    survey: SurveySettings = SurveySettings()
    reach: ReachSettings = ReachSettings()
    links: LinkSettings = LinkSettings()
    calendar: CalendarSettings = CalendarSettings()
    situations: SituationSettings = SituationSettings()
    quiet: QuietSettings = QuietSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    apologies: ApologySettings = ApologySettings()
    watch: WatchSettings = WatchSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    backup: BackupSettings = BackupSettings()
    console: ConsoleSettings = ConsoleSettings()
    broadcasts: BroadcastSettings = BroadcastSettings()
    api: ApiSettings = ApiSettings()
    reports: ReportSettings = ReportSettings()
    retention: RetentionSettings = RetentionSettings()
    contacts: dict[str, ContactSettings] = Field(default_factory=dict)
    outbox: OutboxSettings = OutboxSettings()
    log: LogSettings = LogSettings()
    gateways: GatewaySettings = GatewaySettings()
    budget: BudgetSettings = BudgetSettings()
    routes: dict[str, RouteSettings] = Field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    _file: Path | None = PrivateAttr(None)

    @property
    def file(self) -> Path | None:
        """Where it was read; None: nowhere."""
        return self._file


def load_config(path: Path) -> Config:
    """Reads and checks a file. Raises `ConfigError` that names the file, the key and what is expected."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: không có tệp này / no such file (start from config.example.toml)") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: không đọc được / cannot be read: {error}") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: không đúng TOML / not valid TOML: {error}") from None
    config = parse_table(Config, raw, str(path))
    config._file = path
    return config


def parse_table(shape: type[S], raw: Mapping[str, Any], where: str) -> S:
    """Checks one table of settings; `where` opens each line of the error."""
    try:
        return shape.model_validate(raw)
    except ValidationError as error:
        lines = [f"{where}: {_line(shape, each['loc'], each['type'], each['msg'])}" for each in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def _line(shape: type[BaseModel], place: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(str(step) for step in place)
    if kind == "extra_forbidden":
        hint = nearest(str(place[-1]), _keys_at(shape, place[:-1]))
        return f"[{key}] không có khóa này / unknown key{hint}"
    if kind == "missing":
        return f"[{key}] còn thiếu / is missing"
    return f"[{key}] {message.removeprefix('Value error, ')}"


def _keys_at(shape: type[BaseModel], place: Iterable[int | str]) -> list[str]:
    for step in place:
        field = shape.model_fields.get(str(step))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return []
        shape = field.annotation
    return list(shape.model_fields)


def nearest(word: str, words: Iterable[str]) -> str:
    """` — did you mean X?` where something close exists, else nothing."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" — có phải / did you mean: {close[0]}?" if close else ""
