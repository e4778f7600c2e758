"""What the web face is given: ports to talk to, its settings, and the secret that signs its cookies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from secrets import token_bytes

from pydantic import Field, HttpUrl

from bot.config import ConversationSettings, LinkSettings, LookupSettings, PageSettings
from bot.meters import Meters
from bot.model.clock import Clock, utc_now
from bot.model.errors import ConfigError
from bot.model.ids import NewId, id_maker
from bot.ports import Accept, Deliver, Feed, Push, Storage, Webhook
from bot.public_status import Notices
from bot.reports import Reports
from bot.settings import Settings

SCHEME = "webchat"
"""The scheme of a web visitor's address; its value is the session's id."""

SHORTEST_SECRET = 32
"""Bytes."""


class DemoSettings(Settings):
    """The page on which a visitor sees a phone. Only for a system that runs on simulators."""

    smsc_control: HttpUrl = Field(description="Address of the SMS-centre simulator's control API")
    short_code: str = Field(description="Number to which the phone texts, such as 8041")
    patience: float = Field(default=5.0, gt=0, description="Seconds to wait for an answer of the simulator")
    note: str = Field(default="", description="A sentence about the simulated one-stop office, shown below the title")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a one-stop software that calls us comes in."""

    push: Push
    accept: Accept


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """Everything the web face needs from the rest of the service."""

    storage: Storage
    deliver: Deliver
    feed: Feed | None
    """Of the web chat; None: there is none, and no page for citizens."""
    secret: bytes = field(repr=False)
    """Signs session cookies; at least `SHORTEST_SECRET` bytes, the same after a restart."""
    channel: str = "webchat"
    """Name of the web chat's channel in the configuration."""
    settings: PageSettings = field(default_factory=PageSettings)
    lookup: LookupSettings = field(default_factory=LookupSettings)
    """What a stranger may name beside a code, for the words beside the field."""
    conversation: ConversationSettings = field(default_factory=ConversationSettings)
    """The hot line, and how to recognise us."""
    links: LinkSettings = field(default_factory=LinkSettings)
    """Where our channels are."""
    example: str = "H56.14-240823-0001"
    """A dossier code to show as an example."""
    demo: DemoSettings | None = None
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    """By the name under `/webhooks/`."""
    doors: Mapping[str, Door] = field(default_factory=dict)
    """By the source's name in the configuration."""
    metrics: Callable[[], bytes] | None = field(default=None, repr=False)
    """The text of /metrics; None: there is no such page."""
    metrics_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that may read it."""
    meters: Meters = field(default_factory=Meters, repr=False)
    """Count the calls of the web."""
    is_still: Callable[[], bool] = lambda: False
    """Whether the watch over the service has stopped looking."""
    still: Callable[[], Sequence[str]] = tuple
    """Jobs of this process that have stopped for no reason outside of it; while there are any, it is not alive."""
    is_stopping: Callable[[], bool] = lambda: False
    """Whether this process is about to end, so that calls are better sent to another one."""
    is_unwritten: Callable[[], bool] = lambda: False
    """Whether the storage could not be written when that was tried last."""
    notices: Notices | None = None
    """For the public page about how the service fares; None: there is no such page."""
    reports: Reports | None = None
    """For the public figures; None: there is no such page."""
    clock: Clock = utc_now
    """The clock from which the ids of outbox items are made too: history is asked for by id."""
    new_id: NewId = field(default_factory=lambda: id_maker(utc_now))
    visitor_per_minute: int = 20
    """Messages that one visitor may write a minute, half of them at once."""
    network_per_minute: int = 120
    """The same for all visitors behind one network address: an office, a school, a mobile network."""
    network_streams: int = 500
    """Chats that may be open at once from one network address."""
    random_bytes: Callable[[int], bytes] = field(default=token_bytes, repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < SHORTEST_SECRET:
            raise ConfigError(
                f"Khóa ký phiên web quá ngắn: cần ít nhất {SHORTEST_SECRET} byte "
                f"(the web secret needs at least {SHORTEST_SECRET} bytes)"
            )
