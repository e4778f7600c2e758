"""Records as a JSON answer holds them, and anything else that JSON can hold."""

from typing import Any

from hypothesis import strategies as st

from adapters.records.objects import ObjectReader
from adapters.records.settings import ObjectSettings, RecordSettings

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["20261122081500", "25/11/2026 17:00", "H32.21.02-261122-0001", "\0", "\ud800", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["$date", "$numberLong", "a", "b", "NgayBatDau", "NgayBoSung"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
"""Whatever a JSON answer may hold where we look for something."""


def record(**changes: Any) -> dict[str, Any]:
    return {
        "MaHoSo": "H32.21.02-261122-0001",
        "TrangThaiHoSo": "4",
        "NgayTiepNhan": "20261122081500",
        "NgayHenTra": "20261125170000",
        "ChuHoSo": "Nguyễn Thị Ánh",
        **changes,
    }


def reader(settings: RecordSettings | None = None, **fields: object) -> ObjectReader:
    """A reader of JSON objects with these settings, else of `fields` of `ObjectSettings`."""
    return ObjectReader(settings or ObjectSettings.model_validate(fields), source="office", place="GET /hoso")
