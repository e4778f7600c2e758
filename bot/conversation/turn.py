"""One message being answered: what features of the conversation are given, and what they leave behind."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.calendars import Calendars
from bot.config import ConversationSettings, LinkSettings, LookupSettings, SurveySettings
from bot.conversation.intents import Intent
from bot.deadline_settings import CalendarSettings
from bot.lookup import Asker
from bot.model.ids import NewId
from bot.model.message import Asks, InboundMessage, Option, OutboxItem, Situation
from bot.ports import ConversationState, Transaction
from bot.texts import Catalogue, Rendered

Place = Callable[[str, str], tuple[str, str]]
"""(agency, phone) → (route, queue) of a message by SMS."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the bot speaks, and what it is allowed."""

    example: str
    """A dossier code to show as an example."""
    hours: str = "trong giờ hành chính"
    office: str = "Bộ phận Một cửa"
    plain: Mapping[str, bool] = field(default_factory=dict)
    """Channel name → whether texts go without accents, within SMS parts."""
    buttons: Mapping[str, bool] = field(default_factory=dict)
    """Channel name → whether options are buttons there; else they are numbered lines."""
    shares_phone: Mapping[str, bool] = field(default_factory=dict)
    stale_after: Mapping[str, timedelta] = field(default_factory=dict)
    """Source → how old its data may be to be stated as present."""
    sms: Place | None = None
    """Where messages to phones wait; None where no channel reaches phones."""
    lookup: LookupSettings = field(default_factory=LookupSettings)
    conversation: ConversationSettings = field(default_factory=ConversationSettings)
    survey: SurveySettings = field(default_factory=SurveySettings)
    links: LinkSettings = field(default_factory=LinkSettings)
    calendars: Calendars = field(default_factory=lambda: Calendars(CalendarSettings()))
    is_tightened: Callable[[], bool] = lambda: False
    """Whether codes are being guessed just now, so that strangers learn nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """One reply, finished."""

    rendered: Rendered
    options: tuple[Option, ...] = ()
    situation: Situation = Situation.REPLY


@dataclass(slots=True)
class Turn:
    """One message and what becomes of it. Everything happens in its transaction."""

    tx: Transaction
    message: InboundMessage
    now: datetime
    manner: Manner
    asker: Asker
    state: ConversationState
    catalogue: Catalogue
    new_id: NewId
    outcome: str = "help"
    """What the message was understood as; counted."""
    replies: list[Said] = field(default_factory=list)
    others: list[OutboxItem] = field(default_factory=list)
    """Messages to other addresses: a one-time code by SMS."""

    @property
    def is_plain(self) -> bool:
        return self.manner.plain.get(self.message.channel, False)

    @property
    def has_buttons(self) -> bool:
        return self.manner.buttons.get(self.message.channel, False)

    def say(self, name: str, options: Sequence[Option] = (), **values: str) -> None:
        """Answers with `reply.<name>`. `options` become buttons, or numbered lines of a chat without them; in SMS the
        template itself says what to answer. Typing their numbers works everywhere until something else is said."""
        given = {"example": self.manner.example, "office": self.manner.office, "hours": self.manner.hours, **values}
        given.setdefault("hotline", self.manner.conversation.hotline)
        rendered = self.catalogue.render(f"reply.{name}", given, plain=self.is_plain)
        options = tuple(each for each in options if each.asks is Asks.WORDS or self._shares_phone)
        if options and not self.has_buttons and not self.is_plain:
            lines = "\n".join(f"{number}. {each.label}" for number, each in enumerate(options, 1))
            rendered = replace(rendered, text=f"{rendered.text}\n{lines}")
        self.replies.append(Said(rendered, options))
        if options:
            says = tuple(each.says for each in options if each.asks is Asks.WORDS)
            self.state = replace(self.state, options=says, expires_at=self._until)

    def option(self, label: str, says: str, asks: Asks = Asks.WORDS) -> Option:
        """A button with the words `button.<label>`."""
        return Option(self.catalogue.buttons[label], says, asks)

    def expect(self, dialogue: str, **slots: str) -> None:
        """Asks a question: the next message goes to this dialogue, with what it has learnt so far."""
        self.state = replace(self.state, dialogue=dialogue, slots=slots, expires_at=self._until)

    def speak_of(self, code: str) -> None:
        """`What next?` and its like are about this dossier from now on."""
        self.state = replace(self.state, about=code, expires_at=self._until)

    def prove(self, code: str) -> None:
        """A right second factor was given: until the conversation is forgotten it need not be given again."""
        self.state = replace(self.state, proved=code, expires_at=self._until)

    def speak(self, language: str) -> None:
        self.state = replace(self.state, language=language)
        self.catalogue = Catalogue.load(language)

    @property
    def _until(self) -> datetime:
        return self.now + timedelta(minutes=self.manner.conversation.forget_minutes)

    @property
    def _shares_phone(self) -> bool:
        return self.manner.shares_phone.get(self.message.channel, False)


Handler = Callable[[Turn, Intent], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A question and what takes its answer."""

    handle: Callable[[Turn, Intent, Mapping[str, str]], Awaitable[bool]]
    """Gets what the dialogue has learnt; the state is clear when it is called. False: this is no answer to the
    question, so the message is taken for what it is by itself."""
    is_free: bool = False
    """Takes any text: only `bot.conversation.intents.STRONG` goes before it. Else everything with a keyword or a code
    does."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A part of the conversation."""

    intents: Mapping[str, Handler] = field(default_factory=dict)
    dialogues: Mapping[str, Dialogue] = field(default_factory=dict)
    events: Mapping[str, Handler] = field(default_factory=dict)
    """By `bot.model.message.Heard`, for what is not a text."""
