"""Renders the console's pages: templates, words of two languages, numbers and times as people read them."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.model.clock import VIETNAM
from bot.model.percent import percent, percentage
from bot.web.console.private import phone_shown
from bot.web.pages import LANGUAGES, STATIC, versioned, whole_codes

_HERE = Path(__file__).parent
CONSOLE_STATIC = _HERE / "static"
STATIC_PATH = "/can-bo/static"

Words = dict[str, dict[str, Any]]
"""By the file's name, then by key."""


def load_words(language: str) -> Words:
    """Every file of a language: `w.today.title` is `title` in `words/vi/today.toml`."""
    words: Words = {}
    for path in sorted((_HERE / "words" / language).glob("*.toml")):
        with path.open("rb") as file:
            words[path.stem] = tomllib.load(file)
    return words


class Show:
    """Everything that is put into a page is escaped."""

    def __init__(self) -> None:
        self.words = {language: load_words(language) for language in LANGUAGES}
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(_HERE / "templates")]),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            static={
                **{file.name: versioned(file, "/static") for file in STATIC.iterdir()},
                **{file.name: versioned(file, STATIC_PATH) for file in CONSOLE_STATIC.iterdir()},
            }
        )
        self._environment.filters.update(
            moment=moment,
            day=day,
            number=number,
            dong=dong,
            percent=percent,
            percentage=percentage,
            whole_codes=whole_codes,
            fill=fill,
            phone=phone,
        )

    def page(self, template: str, *, language: str, status: int = 200, **values: Any) -> web.Response:
        return web.Response(
            text=self.text(template, language=language, **values), status=status, content_type="text/html"
        )

    def text(self, template: str, *, language: str, **values: Any) -> str:
        """A part of a page, too."""
        shown = self._environment.get_template(template)
        return shown.render(w=self.words[language], language=language, **values)


def moment(when: datetime | None) -> Markup | str:
    """`16:30 · 30/8/2024`, in Vietnam, as an element that machines can read; a dash for never."""
    if when is None:
        return "–"
    there = when.astimezone(VIETNAM)
    said = f"{there:%H:%M} · {there.day}/{there.month}/{there.year}"
    return Markup('<time datetime="{}">{}</time>').format(there.isoformat(timespec="seconds"), said)


def day(when: datetime | None) -> str:
    """`30/8/2024`."""
    if when is None:
        return "–"
    there = when.astimezone(VIETNAM)
    return f"{there.day}/{there.month}/{there.year}"


def number(value: int | float | None) -> str:
    """`1.204`, with a point between thousands as Vietnamese has it."""
    return "–" if value is None else f"{value:,.0f}".replace(",", ".")


def dong(value: int | None) -> str:
    """`1.204 đ`."""
    return "–" if value is None else f"{number(value)} đ"


def phone(number: str) -> str:
    """`0912 345 678`."""
    return phone_shown(number, is_whole=True)


def fill(sentence: str, **values: Any) -> Markup:
    """A sentence from the words with its values, escaped: `{count} tin`. A moment stays the element that it is."""
    return escape(sentence).format_map(_Shown(values))


class _Shown(dict[str, Any]):
    """Whole numbers with their points."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({name: number(each) if type(each) is int else each for name, each in values.items()})
