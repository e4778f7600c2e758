"""What an operator can say about how a source writes its records, whatever carries them."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Self

from pydantic import Field, field_validator, model_validator

from adapters.records.columns import FIELDS
from adapters.records.paths import path
from bot.model.dossier import Handing, Status
from bot.settings import SourceSettings


class RecordSettings(SourceSettings):
    """The maps of fields, statuses and agencies, and how dates and codes are written."""

    fields: dict[str, str] = Field(
        default={}, description="Our field -> its name at the source, where it is not a national name."
    )
    statuses: dict[str, Status] = Field(
        default={}, description="The source's own word or number -> the national code 1 to 10 (0: not known)."
    )
    filed: dict[str, Handing] = Field(
        default={}, description="The source's own word or number for how papers came in -> counter, online, post."
    )
    returned: dict[str, Handing] = Field(
        default={}, description="The source's own word or number for how the result goes out -> the same."
    )
    agencies: dict[str, str] = Field(
        default={}, description="Agency id -> the name that citizens read, where the source has only ids."
    )
    code_pattern: str = Field(
        default="",
        description="Regular expression for local dossier codes that do not have the legal shape; empty: none.",
    )
    utc_offset: float = Field(
        default=7.0, ge=-12, le=14, description="Hours by which times without a zone are ahead of UTC."
    )
    day_ends_at: time = Field(
        default=time(17, 0), description="An appointment that names only a day means this time of it."
    )

    @field_validator("code_pattern")
    @classmethod
    def _sound_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        strangers = sorted(self.fields.keys() - FIELDS.keys())
        if strangers:
            raise ValueError(f"fields: unknown {', '.join(strangers)}; known are {', '.join(FIELDS)}")
        return self


STEP_FIELDS: Mapping[str, tuple[str, ...]] = {
    "agency": ("DonViXuLy", "MaDonVi"),
    "holder": ("PhongBanXuLy", "NguoiXuLy"),
    "task": ("NoiDungXuLy",),
    "status": ("TrangThai", "TrangThaiHoSo"),
    "started_at": ("NgayBatDau",),
    "reported_at": ("ThoiDiemXuLy",),
    "due_at": ("NgayKetThucTheoQuyDinh",),
    "ended_at": ("NgayKetThuc",),
}
"""Our field of a step -> its names in `CapNhatTienDoHoSoMC` and near it, best first."""


class ObjectSettings(RecordSettings):
    """Of sources whose records are JSON objects: `fields` holds JMESPaths."""

    steps: str = Field(
        default="", description="JMESPath of the list of steps in a record; empty: QuaTrinhXuLy or DanhSachTienTrinh."
    )
    step_fields: dict[str, str] = Field(
        default={}, description="Our field of a step -> JMESPath in it, where it is not a national name."
    )

    @model_validator(mode="after")
    def _sound_paths(self) -> Self:
        strangers = sorted(self.step_fields.keys() - STEP_FIELDS.keys())
        if strangers:
            raise ValueError(f"step_fields: unknown {', '.join(strangers)}; known are {', '.join(STEP_FIELDS)}")
        for expression in (*self.fields.values(), *self.step_fields.values(), self.steps):
            if expression:
                path(expression)
        return self
