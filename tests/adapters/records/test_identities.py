"""Local dossier codes: as the operator's pattern says, but never what nobody can see or no database keeps."""

import pytest

from adapters.records.identities import codes


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (" HS-2026/00017 ", "HS-2026/00017"),
        ("HỒ SƠ 7", "HỒ SƠ 7"),
        ("HO\u0302\u0300 SO\u031b 7", "HỒ SƠ 7"),
        ("h56.14-240823-0001", "H56.14-240823-0001"),
        ("HS\0007", ""),
        ("HS\ud8007", ""),
        ("HS\u202e7", ""),
        ("HS\x1b[31m7", ""),
        ("HS\n7", ""),
        ("HS", ""),
    ],
)
def test_a_local_code_is_what_can_be_seen(cell: str, code: str) -> None:
    assert codes(r"[^ ].{3,40}")(cell) == code


def test_without_a_pattern_only_the_legal_shape_is_a_code() -> None:
    assert codes("")("HS-2026/00017") == ""
