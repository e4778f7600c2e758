"""The documents that go with messages: an apology as DOCX from a template, as PDF where LibreOffice is installed.

`await render(fields, settings)` gives the file for the citizen; put it into `tx.documents` and name it in the message's
`files`. Why so: `docs/adr/0013`.
"""

from bot.documents.fields import NAMES, REQUIRED, ApologyFields
from bot.documents.rendering import render
from bot.documents.template import TemplateError, check_template, our_template

__all__ = ["NAMES", "REQUIRED", "ApologyFields", "TemplateError", "check_template", "our_template", "render"]
