"""Pure: a broadcast's own words, compiled once, and what is wrong with them before anybody reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.model.broadcast import Broadcast
from bot.model.message import Situation, family_of
from bot.model.sms import nfc
from bot.model.wording import TextKey, Wording
from bot.settings import SmsSettings
from bot.texts import Catalogue, Rendered
from bot.texts.findings import Finding, Rules, Severity
from bot.texts.linting import lint
from bot.texts.reading import read
from bot.texts.syntax import refusals

OF_DOSSIERS = (
    "code", "procedure", "status", "status_label", "agency", "appointment", "supplement", "supplement_until", "reason",
    "place", "fee", "tracking", "hours",
)  # fmt: skip
"""What a text for the owners of dossiers may show."""

_OF_STATUS = frozenset(
    {"status", "status_label", "supplement", "supplement_until", "reason", "place", "fee", "tracking"}
)
"""Values that are true of one status alone."""

_NAME = "push.broadcast"
_MOST_KEPT = 16
"""Broadcasts whose words are kept compiled."""


@dataclass(slots=True)
class Words:
    """The text of one broadcast. What shows no value is rendered once."""

    catalogue: Catalogue
    names: frozenset[str]
    """The values that it uses."""
    is_accented: bool
    """Its SMS keeps the accents."""
    _kept: dict[bool, Rendered] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, broadcast: Broadcast, accented: frozenset[Situation]) -> "Words":
        """Raises `TextRefused` for what cannot be compiled."""
        wording = as_sent(broadcast.wording)
        names = frozenset[str]().union(*(read(nfc(body)).names for body in wording.bodies.values()))
        catalogue = Catalogue.load(broadcast.language).over({Situation.BROADCAST: wording})
        return cls(catalogue, names, Situation.BROADCAST in accented)

    @property
    def states_status(self) -> bool:
        return bool(self.names & _OF_STATUS)

    @property
    def states_appointment(self) -> bool:
        return "appointment" in self.names

    def chat(self, values: Mapping[str, str]) -> Rendered:
        """Raises `MissingValueError`."""
        return self._rendered(values, is_sms=False)

    def sms(self, values: Mapping[str, str]) -> Rendered:
        """Raises `MissingValueError`."""
        return self._rendered(values, is_sms=True)

    def _rendered(self, values: Mapping[str, str], *, is_sms: bool) -> Rendered:
        if self.names:
            return self.catalogue.render(_NAME, values, plain=is_sms, accented=self.is_accented)
        if is_sms not in self._kept:
            self._kept[is_sms] = self.catalogue.render(_NAME, {}, plain=is_sms, accented=self.is_accented)
        return self._kept[is_sms]


@dataclass(slots=True)
class Wordings:
    """The words of the broadcasts under way, compiled once and not for each page."""

    _kept: dict[str, tuple[Wording, str, Words]] = field(default_factory=dict, repr=False)
    """By broadcast, with what they were made of."""

    def of(self, broadcast: Broadcast, accented: frozenset[Situation]) -> Words:
        """As `Words.of`."""
        kept = self._kept.pop(broadcast.id, None)
        if kept is None or kept[:2] != (broadcast.wording, broadcast.language):
            kept = (broadcast.wording, broadcast.language, Words.of(broadcast, accented))
        self._kept[broadcast.id] = kept
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return kept[2]


def as_sent(wording: Wording) -> Wording:
    """Whatever it shows without asking is required: who has no such value is left out."""
    bodies = [nfc(body) for body in wording.bodies.values()]
    if any(refusals(body) for body in bodies):
        return wording
    shown = frozenset[str]().union(*(read(body).unguarded for body in bodies))
    return replace(wording, required=tuple(sorted({*wording.required, *shown})))


def findings_of(broadcast: Broadcast, rules: Rules, gateways: Mapping[str, SmsSettings]) -> list[Finding]:
    """Errors forbid that it is submitted. `gateways`: the settings of the channels that carry SMS, by name."""
    key = TextKey(Situation.BROADCAST, broadcast.language, broadcast.agency)
    values, wording = _values_of(broadcast), as_sent(broadcast.wording)
    # What nobody knows is said of the text that shows it, and not once more of what it requires.
    wording = replace(wording, required=tuple(name for name in wording.required if name in values))
    found = lint(key, wording, rules, columns=values)
    found += [
        Finding(
            Severity.ERROR,
            key,
            "registered",
            f"{name}: nhà cung cấp chỉ nhận mẫu đã đăng ký, mà phát tin này chưa có mẫu",
            f"{name}: takes registered texts alone, and there is none for this broadcast",
        )
        for name, each in gateways.items()
        if _lacks_template(broadcast.wording, name, each)
    ]
    return sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)


def _values_of(broadcast: Broadcast) -> tuple[str, ...]:
    """Which it may show. While nobody knows for whom it is, whatever it names."""
    if broadcast.audience:
        return OF_DOSSIERS
    if broadcast.list_digest:
        return broadcast.columns
    bodies = [nfc(body) for body in broadcast.wording.bodies.values()]
    return tuple(sorted({name for body in bodies if not refusals(body) for name in read(body).names}))


def _lacks_template(wording: Wording, name: str, gateway: SmsSettings) -> bool:
    if not gateway.templates_required or Situation.BROADCAST in gateway.free_text:
        return False
    brought = any(form.pattern and form.channel == name for form in wording.forms)
    configured = {Situation.BROADCAST, family_of(Situation.BROADCAST)} & gateway.templates.keys()
    return not brought and not configured
