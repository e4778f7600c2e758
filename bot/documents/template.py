"""Fills in a DOCX template, and says before it is needed what is wrong with one."""

import zipfile
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.deadline_settings import ApologySettings
from bot.documents.fields import NAMES, REQUIRED, specimen, values_of
from bot.documents.layout import template_bytes
from bot.model.errors import MotcuaError

_FILTERS = ("upper", "lower", "capitalize", "trim")
"""What a template may do with a value, beside `if`."""
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Test, nodes.Concat,
)  # fmt: skip
"""All else is refused before it runs: a product of a text and a number alone could fill the memory."""
_MOST_ENTRIES, _MOST_MIB = 500, 64
"""Of the archive that a DOCX is, unpacked; a letterhead with a picture has 20 and 2."""


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
    try:
        template = Path(path).read_bytes()
        _measure(path, template)
        named = DocxTemplate(BytesIO(template)).get_undeclared_template_variables(_environment())
        if unknown := sorted(named - NAMES.keys()):
            raise TemplateError(
                f"{path}: không có trường / there is no field {', '.join(unknown)}; có / there are: {', '.join(NAMES)}"
            )
        if missing := [name for name in REQUIRED if name not in named]:
            raise TemplateError(f"{path}: còn thiếu trường / lacks the field {', '.join(missing)}")
        filled(template, values_of(specimen(), ApologySettings()))
    except (TemplateError, OSError):
        raise
    except JinjaError as error:
        raise TemplateError(f"{path}: viết sai / is written wrongly: {error.message or type(error).__name__}") from None
    except Exception:  # archives and XML that are broken make the libraries raise all kinds of errors
        raise TemplateError(f"{path}: không phải tệp DOCX / is no DOCX file") from None
    return template


def _measure(path: str, template: bytes) -> None:
    """Refuses, before anything is unpacked, what would burst; and XML with entities, which no DOCX has."""
    with zipfile.ZipFile(BytesIO(template)) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_ENTRIES or sum(each.file_size for each in entries) > _MOST_MIB << 20:
            raise TemplateError(f"{path}: giải nén ra quá lớn / too large when unpacked, > {_MOST_MIB} MiB")
        for each in entries:
            if each.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(each):
                raise TemplateError(f"{path}: có khai báo DOCTYPE / has a DOCTYPE, which no DOCX has")


class _Environment(ImmutableSandboxedEnvironment):
    """Looks at everything that it reads, whoever asks for it."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(nodes.Node):
            if not isinstance(node, _ALLOWED):
                kind = type(node).__name__
                raise TemplateSyntaxError(f"không được dùng {kind} / {kind} is not allowed", node.lineno)
        return tree


def _environment() -> ImmutableSandboxedEnvironment:
    """A template has values, `if` and a few filters; nothing to call, and nothing to reach through."""
    environment = _Environment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    return environment
