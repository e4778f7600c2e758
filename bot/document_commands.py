"""The command `motcua template`: our DOCX template of the apology, as a beginning for an office's own."""

from pathlib import Path
from typing import Annotated

import typer

from bot import show
from bot.documents import NAMES, REQUIRED, our_template
from bot.model.errors import MotcuaError


def template(
    path: Annotated[Path, typer.Argument(help="Tệp .docx sẽ ghi ra / the .docx file to be written")],
) -> None:
    """Ghi mẫu văn bản xin lỗi của ta ra tệp để sửa, và kể các trường. / Write our template, and name its fields."""
    try:
        with path.open("xb") as file:
            file.write(our_template())
    except FileExistsError:
        raise MotcuaError(f"{path}: đã có tệp này / is there already") from None
    except OSError as error:
        raise MotcuaError(f"{path}: không ghi được / cannot be written: {error.strerror}") from None
    show.console.print(f"Đã ghi / written: {path}", soft_wrap=True)
    for name, meaning in NAMES.items():
        mark = " (bắt buộc / required)" if name in REQUIRED else ""
        show.console.print(f"  {{{{ {name} }}}}  {meaning}{mark}", soft_wrap=True, markup=False)
