"""Fills in a DOCX template, and says before it is needed what is wrong with one."""

import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.deadline_settings import ApologySettings
from bot.documents.fields import NAMES, REQUIRED, specimen, values_of
from bot.documents.layout import template_bytes
from bot.model.errors import MotcuaError

_FILTERS = ("upper", "lower", "capitalize", "trim")
"""What a template may do with a value, beside `if`."""


class TemplateError(MotcuaError):
    """A DOCX template cannot be used; the message names the file and what is wrong with it."""


def our_template() -> bytes:
    """The template that is used where `[apologies] template` is empty: a DOCX to begin one's own from."""
    return template_bytes()


def filled(template: bytes, values: Mapping[str, str]) -> bytes:
    """The document. Values stay plain text, whatever stands in them."""
    document = DocxTemplate(BytesIO(template))
    document.render(dict(values), _environment(), autoescape=True)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def check_template(settings: ApologySettings) -> None:
    """Raises `TemplateError` where `[apologies] template` cannot be read, names what there is not, or lacks what an
    apology must say."""
    if settings.template:
        load_template(settings.template)


def load_template(path: str) -> bytes:
    """The template in this file (empty: ours), found usable. Raises `TemplateError`."""
    if not path:
        return template_bytes()
    try:
        changed = Path(path).stat().st_mtime_ns
        return _checked(path, changed)
    except OSError as error:
        raise TemplateError(f"{path}: không đọc được / cannot be read: {error.strerror}") from None


@cache
def _checked(path: str, changed: int) -> bytes:
    """`changed` is a part of the key: a file that was edited is looked at afresh."""
    template = Path(path).read_bytes()
    try:
        named = DocxTemplate(BytesIO(template)).get_undeclared_template_variables(_environment())
        if unknown := sorted(named - NAMES.keys()):
            raise TemplateError(
                f"{path}: không có trường / there is no field {', '.join(unknown)}; có / there are: {', '.join(NAMES)}"
            )
        if missing := [name for name in REQUIRED if name not in named]:
            raise TemplateError(f"{path}: còn thiếu trường / lacks the field {', '.join(missing)}")
        filled(template, values_of(specimen(), ApologySettings()))
    except (PackageNotFoundError, zipfile.BadZipFile, zlib.error, KeyError, ValueError):
        raise TemplateError(f"{path}: không phải tệp DOCX / is no DOCX file") from None
    except JinjaError as error:
        raise TemplateError(f"{path}: viết sai / is written wrongly: {error.message or type(error).__name__}") from None
    return template


def _environment() -> ImmutableSandboxedEnvironment:
    """A template has values, `if` and a few filters; nothing to call, and nothing to reach through."""
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    return environment
