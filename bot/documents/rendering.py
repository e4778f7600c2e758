"""Makes the file that goes with an apology, beside the event loop."""

import asyncio
import re

from bot.deadline_settings import ApologySettings
from bot.documents.fields import ApologyFields, values_of
from bot.documents.pdf import as_pdf
from bot.documents.template import filled, load_template
from bot.model.clock import utc_now
from bot.model.ids import NewId, id_maker
from bot.model.message import File

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_new_id = id_maker(utc_now)


async def render(fields: ApologyFields, settings: ApologySettings, *, new_id: NewId = _new_id) -> list[File]:
    """What goes with the message: the PDF where LibreOffice is installed and made one, else the DOCX.

    Takes seconds where it makes a PDF, so do it before a transaction. The file's name holds the code and nothing of
    the matter or the person, for it is seen on lock screens. Raises `TemplateError`.
    """
    content = await asyncio.to_thread(_written, fields, settings)
    stem = f"xin-loi-{_NOT_IN_NAMES.sub('-', fields.code).strip('-.') or 'ho-so'}"
    if settings.pdf and (pdf := await as_pdf(content)):
        return [File(new_id(), f"{stem}.pdf", PDF, pdf)]
    return [File(new_id(), f"{stem}.docx", DOCX, content)]


def _written(fields: ApologyFields, settings: ApologySettings) -> bytes:
    return filled(load_template(settings.template), values_of(fields, settings))
