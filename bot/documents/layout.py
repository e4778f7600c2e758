"""Our own template of the apology (form 04), in the layout of Vietnam's official documents.

Page, margins, sizes and the order of the parts as in NĐ 30/2020/NĐ-CP, Phụ lục I; the content as in form 04 of
TT 01/2018/TT-VPCP and TT 03/2025/TT-VPCP.
"""

from datetime import UTC, datetime
from functools import cache
from io import BytesIO

from docx import Document
from docx.document import Document as Docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

_FONT = "Times New Roman"
_BODY, _SMALL = 13, 11
"""Points."""
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
"""When documents say that they were begun; python-docx would name a day of its own."""

_FACTS = (
    ("Thủ tục hành chính: ", "procedure"),
    ("Mã hồ sơ: ", "code"),
    ("Ngày tiếp nhận: ", "received"),
    ("Thời gian hẹn trả kết quả: ", "old_appointment"),
    ("Đơn vị giải quyết chậm: ", "late_unit"),
    ("Lý do: ", "reason"),
)
_RULE = "_" * 24
"""Below the agency's name: a third of its line."""
_COPIES = ("- Như trên;", "- Bộ phận Một cửa;", "- Lưu: VT, hồ sơ.")


@cache
def template_bytes() -> bytes:
    """The template as a DOCX file."""
    document = Document()
    _page(document)
    _head(document)
    _body(document)
    _foot(document)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _page(document: Docx) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(_BODY)
    # Word takes the font of Vietnamese letters from here.
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    style.paragraph_format.space_after = Pt(0)
    told = document.core_properties
    told.title, told.author, told.comments, told.language = "Văn bản xin lỗi", "", "", "vi-VN"
    told.created = told.modified = _WRITTEN


def _head(document: Docx) -> None:
    """Agency and number at the left; the country's name, its motto and the date at the right."""
    left, right = _columns(document, Mm(65), Mm(95))
    _line(left, "{%p if parent %}", first=True)
    _line(left, "{{ parent }}", size=12)
    _line(left, "{%p endif %}")
    _line(left, "{{ agency_title }}", size=12, bold=True)
    _line(left, _RULE, size=6)
    _line(left, "Số: {{ number }}", before=6)
    _line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=12, bold=True, first=True)
    _line(right, "Độc lập - Tự do - Hạnh phúc", bold=True, ruled=True)
    _line(right, "{{ dated }}", italic=True, before=6)


def _body(document: Docx) -> None:
    _line(document, "{{ title }}", size=14, bold=True, before=24, after=12)
    _line(document, "Kính gửi: Ông/Bà {{ applicant }}", size=14, after=12)
    _said(document, "{{ agency }} đã tiếp nhận hồ sơ của Ông/Bà như sau:")
    for label, name in _FACTS:
        _line(document, f"{{%p if {name} %}}")
        _fact(document, label, name)
        _line(document, "{%p endif %}")
    _said(
        document,
        "Do lý do nêu trên, hồ sơ của Ông/Bà không giải quyết xong đúng thời hạn đã hẹn. {{ agency }} chân thành xin "
        "lỗi Ông/Bà và đề nghị gia hạn thời gian giải quyết.",
    )
    _fact(document, "Thời gian hẹn trả kết quả mới: ", "appointment")
    _line(document, "{%p if place %}")
    _fact(document, "Nơi trả kết quả: ", "place")
    _line(document, "{%p endif %}")
    _said(document, "Kính mong Ông/Bà thông cảm. Trân trọng./.")


def _foot(document: Docx) -> None:
    """Who gets it at the left, who signs at the right."""
    document.add_paragraph()
    left, right = _columns(document, Mm(75), Mm(85))
    _line(left, "Nơi nhận:", size=12, bold=True, italic=True, align=ALIGN.LEFT, first=True)
    for copy in _COPIES:
        _line(left, copy, size=_SMALL, align=ALIGN.LEFT)
    _line(right, "{{ position }}", bold=True, first=True)
    _line(right, "(Ký, ghi rõ họ tên, đóng dấu)", size=12, italic=True, after=60)
    _line(right, "{{ signatory }}", bold=True)


def _columns(document: Docx, *widths: Mm) -> tuple[_Cell, ...]:
    table: Table = document.add_table(rows=1, cols=len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    cells = tuple(table.rows[0].cells)
    for column, cell, width in zip(table.columns, cells, widths, strict=True):
        column.width = cell.width = width
    return cells


def _line(
    place: Docx | _Cell,
    text: str,
    *,
    size: int = _BODY,
    bold: bool = False,
    italic: bool = False,
    ruled: bool = False,
    first: bool = False,
    align: ALIGN = ALIGN.CENTER,
    before: int = 0,
    after: int = 0,
) -> None:
    """A paragraph; `first` is the one that every cell has already, `ruled` has a line below that is as long as it."""
    paragraph = place.paragraphs[0] if first else place.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    run.underline = ruled or None


def _said(document: Docx, text: str) -> None:
    paragraph = _justified(document)
    paragraph.paragraph_format.first_line_indent = Mm(10)
    paragraph.add_run(text)


def _fact(document: Docx, label: str, name: str) -> None:
    paragraph = _justified(document)
    paragraph.paragraph_format.left_indent = Mm(10)
    paragraph.add_run(label)
    paragraph.add_run(f"{{{{ {name} }}}}").bold = name in ("code", "appointment")


def _justified(document: Docx) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.alignment = ALIGN.JUSTIFY
    paragraph.paragraph_format.space_after = Pt(6)
    _keep_lines(paragraph)
    return paragraph


def _keep_lines(paragraph: Paragraph) -> None:
    """No line of a paragraph stands alone on a page."""
    paragraph._p.get_or_add_pPr().append(OxmlElement("w:widowControl"))
