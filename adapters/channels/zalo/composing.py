"""Fills registered templates: what Zalo would refuse is refused here, by the name of the parameter."""

import re
from collections.abc import Mapping

from adapters.channels.zalo.settings import LONGEST, Kind, Parameter, Template
from bot.model.message import Rejected
from bot.model.sms import nfc

_MAY_BE_SHORTENED = frozenset({"procedure", "agency", "place"})
"""Names, known from their beginning. A code, a date, or what is asked for is whole or is not sent."""

_CLOCK, _DAY = "[0-9]{2}:[0-9]{2}(:[0-9]{2})?", "[0-9]{2}/[0-9]{2}/[0-9]{4}"
_FORMS = {
    Kind.DATE: re.compile(rf"{_CLOCK}|({_CLOCK} )?{_DAY}|[0-9]{{2}}/[0-9]{{4}}"),
    Kind.AMOUNT: re.compile(r"[0-9][0-9.,]*"),
    Kind.URL: re.compile(r"https?://\S+"),
}


def filled(template: Template, values: Mapping[str, str]) -> dict[str, str] | Rejected:
    """`template_data`, or why this message cannot be said with this template."""
    found: dict[str, str] = {}
    for name, parameter in template.params.items():
        value = _fitting(parameter, nfc(" ".join(values.get(parameter.value, "").split())))
        if isinstance(value, Rejected):
            return Rejected(f"template parameter {name}: {value.reason}")
        found[name] = value
    return found


def _fitting(parameter: Parameter, value: str) -> str | Rejected:
    longest = LONGEST[parameter.type]
    if not value:
        return Rejected(f"there is no {parameter.value}")
    if len(value) > longest:
        if parameter.value not in _MAY_BE_SHORTENED or parameter.type in _FORMS:
            return Rejected(f"{parameter.value} has {len(value)} characters, more than {longest}")
        return value[: longest - 1].rstrip(" ,;.-") + "…"
    form = _FORMS.get(parameter.type)
    if form and not form.fullmatch(value):
        return Rejected(f"{parameter.value} is no {parameter.type}")
    return value
