"""Pure: what a text becomes with the values of one dossier, on every channel, before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.model.message import Form, Situation, family_of
from bot.model.parameters import Source, Unfit, fitting, source_of
from bot.model.registered import Pattern
from bot.model.sms import Segmented, segment
from bot.model.wording import TextKey, Wording
from bot.texts import Catalogue, MissingValueError
from bot.texts.findings import Rules


@dataclass(frozen=True, slots=True)
class Zbs:
    """A registered template of Zalo with the values that it would be filled with."""

    channel: str
    id: str
    values: Mapping[str, str | Unfit]


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as citizens would read it."""

    key: TextKey
    missing: str = ""
    """The value for want of which nothing would be sent; the rest is empty then."""
    chat: str = ""
    sms: Mapping[str, Segmented] = field(default_factory=dict)
    """`accented` and `unaccented`."""
    accented: bool = False
    """With its accents is how the configuration sends it."""
    shortened: frozenset[str] = frozenset()
    """Values that give way in the SMS."""
    registered: Mapping[str, bool] = field(default_factory=dict)
    """By channel, whether the text is the one that is registered there."""
    zbs: Sequence[Zbs] = ()


def preview(
    key: TextKey, wording: Wording, values: Mapping[str, str], rules: Rules, configured: Sequence[Form]
) -> Preview:
    """`configured` are the ZBS templates of the configuration for this situation. Raises `TextRefused`."""
    catalogue, name = Catalogue.load(key.language).over({key.situation: wording}), f"push.{key.situation}"
    is_accented = key.situation in rules.accented
    try:
        chat = catalogue.render(name, values, plain=False).text
        rendered = {
            "accented": catalogue.render(name, values, plain=True, accented=True),
            "unaccented": catalogue.render(name, values, plain=True),
        }
    except MissingValueError as missing:
        return Preview(key, missing=missing.name)
    sent = rendered["accented" if is_accented else "unaccented"]
    own = [form for form in wording.forms if not form.pattern]
    return Preview(
        key,
        chat=chat,
        sms={way: segment(each.text) for way, each in rendered.items()},
        accented=is_accented,
        shortened=sent.shortened,
        registered=_registered(key.situation, wording, rules, sent.text),
        zbs=[Zbs(form.channel, form.id, _filled(form, values)) for form in own or configured],
    )


def _registered(situation: Situation, wording: Wording, rules: Rules, text: str) -> dict[str, bool]:
    patterns = {
        channel: configured.get(situation) or configured.get(family_of(situation), "")
        for channel, configured in rules.patterns.items()
    }
    patterns |= {form.channel: form.pattern for form in wording.forms if form.pattern}
    return {channel: Pattern(each).values(text) is not None for channel, each in patterns.items() if each}


def _filled(form: Form, values: Mapping[str, str]) -> dict[str, str | Unfit]:
    sources: dict[str, Source] = {name: source_of(written) for name, written in form.parameters.items()}
    return {name: fitting(source, values.get(source.value, "")) for name, source in sources.items()}


def as_json(shown: Preview) -> dict[str, Any]:
    return {
        "situation": shown.key.situation.value,
        "language": shown.key.language,
        "agency": shown.key.agency,
        "missing": shown.missing,
        "chat": shown.chat,
        "sms": {
            way: {"text": each.text, "encoding": each.encoding, "units": each.units, "parts": len(each.parts)}
            for way, each in shown.sms.items()
        },
        "now": "accented" if shown.accented else "unaccented",
        "shortened": sorted(shown.shortened),
        "registered": dict(shown.registered),
        "zbs": [
            {
                "channel": each.channel,
                "id": each.id,
                "values": {name: value for name, value in each.values.items() if not isinstance(value, Unfit)},
                "refused": {name: value.reason for name, value in each.values.items() if isinstance(value, Unfit)},
            }
            for each in shown.zbs
        ],
    }
