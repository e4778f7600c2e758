"""Fills registered templates: what Zalo would refuse is refused here, by the name of the parameter."""

from collections.abc import Mapping

from adapters.channels.zalo.settings import Parameter, Template
from bot.model.message import Form, OutboxItem, Rejected, Situation, family_of
from bot.model.parameters import Source, Unfit, fitting, source_of


def template_for(item: OutboxItem, channel: str, templates: Mapping[Situation, Template]) -> Template | Rejected | None:
    """The template that came with the text, else the one of its situation, else the one of its family."""
    configured = templates.get(item.situation) or templates.get(family_of(item.situation))
    form = next((each for each in item.forms if not each.pattern and each.channel in ("", channel)), None)
    return _brought(form, configured) if form else configured


def _brought(form: Form, configured: Template | None) -> Template | Rejected:
    """The prices are those of the configuration: a text does not know what it costs."""
    try:
        sources = {name: source_of(written) for name, written in form.parameters.items()}
        return Template(
            id=form.id,
            params={name: Parameter(value=each.value, type=each.kind) for name, each in sources.items()},
            price_phone=configured.price_phone if configured else None,
            price_uid=configured.price_uid if configured else None,
        )
    except ValueError:
        return Rejected("the registered template that came with the text is not one that can be filled")


def filled(template: Template, values: Mapping[str, str]) -> dict[str, str] | Rejected:
    """`template_data`, or why this message cannot be said with this template."""
    found: dict[str, str] = {}
    for name, parameter in template.params.items():
        value = fitting(Source(parameter.value, parameter.type), values.get(parameter.value, ""))
        if isinstance(value, Unfit):
            return Rejected(f"template parameter {name}: {value.reason}")
        found[name] = value
    return found
