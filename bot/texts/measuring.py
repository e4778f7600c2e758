"""Pure: what becomes of a text when values stand in it: its length, and whether providers know it."""

from collections.abc import Callable, Iterator, Mapping

from bot.model.message import Form, family_of
from bot.model.parameters import Unfit, fitting, source_of
from bot.model.registered import Pattern
from bot.model.sms import nfc, unaccented
from bot.texts.catalogue import ACCENTED_PARTS, SMS_PARTS, Catalogue, Rendered
from bot.texts.findings import ALWAYS_THERE, Finding, Subject
from bot.texts.reading import read
from bot.texts.samples import ORDINARY, WORST
from bot.texts.syntax import MissingValueError

_Said = Iterator[Finding]


LONGEST_CHAT = 2_000
"""Characters of one Zalo message; a longer text comes in several."""


def measured(subject: Subject) -> _Said:
    """Lengths at ordinary values and at the longest, the signature, and the texts that are registered for SMS."""
    catalogue = Catalogue.load(subject.key.language).over({subject.key.situation: subject.wording})
    yield from _chat(subject, catalogue)
    for place, accented in (("sms", False), ("sms_accented", True)):
        rendered = {which: _tried(subject, catalogue, values, accented) for which, values in _trials(subject)}
        yield from _parts(subject, place, rendered)
        if accented == (subject.key.situation in subject.rules.accented):
            yield from _as_sent(subject, place, rendered)


def _chat(subject: Subject, catalogue: Catalogue) -> _Said:
    worst = dict(_trials(subject))["worst"]
    try:
        text = catalogue.render(f"push.{subject.key.situation}", worst, plain=False).text
    except MissingValueError:
        return  # said already, of the name
    if len(text) > LONGEST_CHAT:
        yield subject.warning("chat", f"có thể quá {LONGEST_CHAT:,} ký tự", f"may exceed {LONGEST_CHAT:,} characters")


def _trials(subject: Subject) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything known, ordinary and at its longest; only what is required; and each optional value missing."""
    wording = subject.wording
    names = set().union(*(read(nfc(body)).names for body in wording.bodies.values()))
    values = {name: ORDINARY.get(name, name) for name in names}
    worst = {name: WORST.get(name, name) for name in names}
    needed = {*wording.required, *ALWAYS_THERE}
    yield "ordinary", values
    yield "least", {name: value for name, value in values.items() if name in needed}
    yield "worst", worst
    for name in sorted(names - needed):
        yield f"worst -{name}", worst | {name: ""}


def _tried(subject: Subject, catalogue: Catalogue, values: Mapping[str, str], accented: bool) -> Rendered | None:
    try:
        return catalogue.render(f"push.{subject.key.situation}", values, plain=True, accented=accented)
    except MissingValueError:
        return None  # said already, of the name


def _parts(subject: Subject, place: str, rendered: Mapping[str, Rendered | None]) -> _Said:
    ordinary = rendered["ordinary"]
    most = ACCENTED_PARTS if place == "sms_accented" else SMS_PARTS
    if ordinary and ordinary.is_cut:
        yield subject.error(place, f"dài quá {most} tin SMS", f"takes more than {most} SMS parts")
    elif any(each and each.is_cut for each in rendered.values()):
        yield subject.error(
            place,
            f"quá {most} tin SMS khi giá trị dài nhất, dù đã rút ngắn phần trong flexible",
            f"takes more than {most} SMS parts at the longest values, even when the flexible ones are shortened",
        )
    elif ordinary and ordinary.shortened:
        names = ", ".join(sorted(ordinary.shortened))
        yield subject.warning(place, f"giá trị thường gặp cũng bị rút ngắn: {names}", "ordinary values are shortened")


def _as_sent(subject: Subject, place: str, rendered: Mapping[str, Rendered | None]) -> _Said:
    texts = [each.text for which, each in rendered.items() if each and which in ("ordinary", "least")]
    signature = "" if subject.is_for_staff else subject.rules.signature
    if any(unaccented(signature) not in unaccented(text) for text in texts):
        yield subject.error(place, f"thiếu chữ ký “{signature}”", f"does not say “{signature}”")
    for channel, pattern in _registered(subject):
        yield from _against(subject, channel, pattern, texts)


def _registered(subject: Subject) -> Iterator[tuple[str, str]]:
    """By channel: the version's own pattern, else that of the situation in the settings, else of its family."""
    own = {form.channel: form.pattern for form in subject.wording.forms if form.pattern}
    situation = subject.key.situation
    for channel, patterns in subject.rules.patterns.items():
        pattern = own.get(channel) or patterns.get(situation) or patterns.get(family_of(situation))
        if pattern:
            yield channel, pattern
    yield from ((channel, pattern) for channel, pattern in own.items() if channel not in subject.rules.patterns)


def _against(subject: Subject, channel: str, registered: str, texts: list[str]) -> _Said:
    try:
        pattern = Pattern(registered)
    except ValueError as error:
        yield subject.error("registered", f"{channel}: mẫu đăng ký viết sai: {error}", f"{channel}: {error}")
        return
    if any(pattern.values(text) is None for text in texts):
        yield subject.error(
            "registered",
            f"{channel}: lời khác với mẫu đã đăng ký, nhà mạng sẽ không nhận",
            f"{channel}: the text differs from the registered template",
        )


# Templates that came with the text


def brought(subject: Subject) -> _Said:
    """Whether a channel will use them, and whether Zalo would take what fills them."""
    for form in subject.wording.forms:
        known, place = (subject.rules.patterns, "registered") if form.pattern else (subject.rules.zalo, "zbs")
        if form.channel and known and form.channel not in known:
            yield subject.warning(place, f"không có kênh “{form.channel}”", f"no such channel: {form.channel}")
        for parameter, written in form.parameters.items():
            yield from _parameter(subject, form, parameter, written)


def _parameter(subject: Subject, form: Form, parameter: str, written: str) -> _Said:
    try:
        source = source_of(written)
    except ValueError as error:
        vi, _, en = str(error).partition(" / ")
        yield subject.error("zbs", f"{parameter}: {vi}", f"{parameter}: {en}")
        return
    say: Callable[[str, str, str], Finding]
    for say, values in ((subject.error, ORDINARY), (subject.warning, WORST)):
        value = fitting(source, values.get(source.value, source.value))
        if isinstance(value, Unfit):
            which = "thường gặp / ordinary" if values is ORDINARY else "dài nhất / longest"
            yield say(
                "zbs",
                f"{form.id} {parameter}: Zalo không nhận giá trị {which.partition(' / ')[0]}: {value.reason}",
                f"{form.id} {parameter}: Zalo refuses the {which.partition(' / ')[2]} value",
            )
            return
