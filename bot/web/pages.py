"""Makes the pages: templates, the words of two languages, and addresses of static files that change with them."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from bot.config import PageSettings
from bot.model.clock import VIETNAM, from_millis, to_millis
from bot.model.message import File
from bot.model.percent import percent, percentage

LANGUAGES = ("vi", "en")
Words = dict[str, dict[str, str]]

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile(r"\b[A-Z0-9][A-Z0-9.]{0,60}-\d{6,8}-\d{4,7}\b")
_WORDS = Path(__file__).parent / "words"


def load_words(language: str) -> Words:
    with (_WORDS / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def language_of(request: web.BaseRequest) -> str:
    """Vietnamese, unless the address asks for another language that we speak."""
    return language_in(request.query)


def language_in(fields: Mapping[str, str]) -> str:
    """The same, of a form."""
    asked = fields.get("lang", "vi")
    return asked if asked in LANGUAGES else "vi"


def address_of_page(path: str, language: str, code: str = "") -> str:
    """Where a page is in that language, with a code for its field."""
    query = {"ma": code} if code else {}
    query |= {"lang": language} if language != "vi" else {}
    return f"{path}?{urlencode(query)}" if query else path


def address_of_file(item_id: str, file: File) -> str:
    """Where the document of a message is fetched."""
    return f"/tai-lieu/{quote(item_id, safe='')}/{quote(file.id, safe='')}"


class Pages:
    """Renders templates; everything that is put into one is escaped."""

    def __init__(self, settings: PageSettings, *, performance: str = "", status: str = "", home: str = "/") -> None:
        """`performance`, `status`: where the public pages of these are; empty: there are none. `home`: where the first
        page for citizens is; empty: there is none."""
        self.words = {language: load_words(language) for language in LANGUAGES}
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            settings=settings, static={file.name: versioned(file, "/static") for file in STATIC.iterdir()}
        )
        self._environment.filters.update(
            hour=_hour,
            whole_codes=whole_codes,
            dialled=_dialled,
            percent=percent,
            figure=_figure,
            day=_day,
            percentage=percentage,
            plainly=_plainly,
            lasting=_lasting,
            capital=_capital,
        )
        self._environment.globals.update(
            address=address_of_page,
            address_of_file=address_of_file,
            performance=performance,
            status_page=status,
            home=home,
            script_words={language: htmlsafe_json_dumps(words["chat"]) for language, words in self.words.items()},
        )

    def page(self, template: str, *, language: str, status: int = 200, **values: Any) -> web.Response:
        text = self._environment.get_template(template).render(w=self.words[language], language=language, **values)
        return web.Response(text=text, status=status, content_type="text/html")


def whole_codes(text: str) -> Markup:
    """The text, with each dossier code in a box that a line breaks around and not inside."""
    return Markup(_CODE.sub(r'<span class="code">\g<0></span>', str(escape(text))))  # noqa: S704 (escaped before)


def versioned(file: Path, folder: str) -> str:
    """Where it is fetched; changes with what it holds, so that browsers may keep it."""
    return f"{folder}/{file.name}?v={blake2b(file.read_bytes(), digest_size=6).hexdigest()}"


def _dialled(number: str) -> str:
    """A phone number as a `tel:` address has it."""
    return "".join(sign for sign in number if sign in "+0123456789")


def _figure(value: int) -> str:
    """`1.204`."""
    return f"{value:,}".replace(",", ".")


def _plainly(value: float) -> str:
    """`5`, `2,5`."""
    return f"{value:g}".replace(".", ",")


def _lasting(minutes: int, words: Mapping[str, str]) -> str:
    """`35 phút`, from two hours on `2 giờ`."""
    return words["minutes"].format(number=minutes) if minutes < 120 else words["hours"].format(number=minutes // 60)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def _hour(moment: Any) -> str:
    shown = from_millis(to_millis(moment)).astimezone(VIETNAM)
    return f"{shown:%H:%M} · {shown.day}/{shown.month}/{shown.year}"
