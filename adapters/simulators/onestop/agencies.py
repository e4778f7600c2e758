"""The 163 agencies of Khánh Hoà's report of Q1/2018: 18 departments, 8 districts, 137 communes.

The names are those of 2018, before the reform of July 2025 took the districts away. `H32` is Khánh Hoà in the old
list of province codes (taken from memory, in the list's alphabetical order); the numbers below it are made up in
the shape of QĐ 20/2020/QĐ-TTg.
"""

from enum import IntEnum
from typing import NamedTuple

PROVINCE = "H32"


class Tier(IntEnum):
    DEPARTMENT = 0
    DISTRICT = 1
    COMMUNE = 2


RECEIVED = (14_596, 29_037, 49_648)
"""Dossiers received in Q1/2018, by tier: departments, districts, communes."""


class Agency(NamedTuple):
    id: str
    name: str
    tier: Tier
    seat: str
    """Where its one-stop desk is found, as a citizen is told."""


_DEPARTMENTS = (
    "Sở Nội vụ", "Sở Tư pháp", "Sở Kế hoạch và Đầu tư", "Sở Tài chính", "Sở Công Thương",
    "Sở Nông nghiệp và Phát triển nông thôn", "Sở Giao thông vận tải", "Sở Xây dựng",
    "Sở Tài nguyên và Môi trường", "Sở Thông tin và Truyền thông", "Sở Lao động - Thương binh và Xã hội",
    "Sở Văn hóa và Thể thao", "Sở Du lịch", "Sở Khoa học và Công nghệ", "Sở Giáo dục và Đào tạo", "Sở Y tế",
    "Sở Ngoại vụ", "Ban Quản lý Khu kinh tế Vân Phong",
)  # fmt: skip

_DISTRICTS = {
    "thành phố Nha Trang": {
        "phường": "Lộc Thọ, Ngọc Hiệp, Phước Hải, Phước Hòa, Phước Long, Phước Tân, Phước Tiến, Phương Sài, "
        "Phương Sơn, Tân Lập, Vạn Thắng, Vạn Thạnh, Vĩnh Hải, Vĩnh Hòa, Vĩnh Nguyên, Vĩnh Phước, Vĩnh Thọ, "
        "Vĩnh Trường, Xương Huân",
        "xã": "Phước Đồng, Vĩnh Hiệp, Vĩnh Lương, Vĩnh Ngọc, Vĩnh Phương, Vĩnh Thạnh, Vĩnh Thái, Vĩnh Trung",
    },
    "thành phố Cam Ranh": {
        "phường": "Ba Ngòi, Cam Linh, Cam Lộc, Cam Lợi, Cam Nghĩa, Cam Phú, Cam Phúc Bắc, Cam Phúc Nam, Cam Thuận",
        "xã": "Cam Bình, Cam Lập, Cam Phước Đông, Cam Thành Nam, Cam Thịnh Đông, Cam Thịnh Tây",
    },
    "thị xã Ninh Hòa": {
        "phường": "Ninh Đa, Ninh Diêm, Ninh Giang, Ninh Hà, Ninh Hải, Ninh Hiệp, Ninh Thủy",
        "xã": "Ninh An, Ninh Bình, Ninh Đông, Ninh Hưng, Ninh Ích, Ninh Lộc, Ninh Phú, Ninh Phụng, Ninh Phước, "
        "Ninh Quang, Ninh Sim, Ninh Sơn, Ninh Tân, Ninh Tây, Ninh Thân, Ninh Thọ, Ninh Thượng, Ninh Trung, "
        "Ninh Vân, Ninh Xuân",
    },
    "huyện Vạn Ninh": {
        "thị trấn": "Vạn Giã",
        "xã": "Đại Lãnh, Vạn Bình, Vạn Hưng, Vạn Khánh, Vạn Long, Vạn Lương, Vạn Phú, Vạn Phước, Vạn Thắng, "
        "Vạn Thạnh, Vạn Thọ, Xuân Sơn",
    },
    "huyện Diên Khánh": {
        "thị trấn": "Diên Khánh",
        "xã": "Diên An, Diên Bình, Diên Điền, Diên Đồng, Diên Hòa, Diên Lạc, Diên Lâm, Diên Lộc, Diên Phú, "
        "Diên Phước, Diên Sơn, Diên Tân, Diên Thạnh, Diên Thọ, Diên Toàn, Diên Xuân, Suối Hiệp, Suối Tiên",
    },
    "huyện Khánh Vĩnh": {
        "thị trấn": "Khánh Vĩnh",
        "xã": "Cầu Bà, Giang Ly, Khánh Bình, Khánh Đông, Khánh Hiệp, Khánh Nam, Khánh Phú, Khánh Thành, "
        "Khánh Thượng, Khánh Trung, Liên Sang, Sông Cầu, Sơn Thái",
    },
    "huyện Khánh Sơn": {
        "thị trấn": "Tô Hạp",
        "xã": "Ba Cụm Bắc, Ba Cụm Nam, Sơn Bình, Sơn Hiệp, Sơn Lâm, Sơn Trung, Thành Sơn",
    },
    "huyện Cam Lâm": {
        "thị trấn": "Cam Đức",
        "xã": "Cam An Bắc, Cam An Nam, Cam Hải Đông, Cam Hải Tây, Cam Hiệp Bắc, Cam Hiệp Nam, Cam Hòa, "
        "Cam Phước Tây, Cam Tân, Cam Thành Bắc, Sơn Tân, Suối Cát, Suối Tân",
    },
}  # fmt: skip

_FIRST_DISTRICT = 21
"""Departments have the numbers 01 to 18, districts 21 to 28."""


def _communes(district: int, name: str) -> list[Agency]:
    units = [
        f"{kind} {unit}" for kind, units in _DISTRICTS[name].items() for unit in units.replace("\n", " ").split(", ")
    ]
    return [
        Agency(f"{PROVINCE}.{district}.{number:02}", f"UBND {unit}", Tier.COMMUNE, f"UBND {unit}, {name}")
        for number, unit in enumerate(units, 1)
    ]


DEPARTMENTS = tuple(
    Agency(f"{PROVINCE}.{number:02}", name, Tier.DEPARTMENT, f"Trung tâm Phục vụ hành chính công tỉnh, quầy {name}")
    for number, name in enumerate(_DEPARTMENTS, 1)
)
DISTRICTS = tuple(
    Agency(f"{PROVINCE}.{number}", f"UBND {name}", Tier.DISTRICT, f"UBND {name}")
    for number, name in enumerate(_DISTRICTS, _FIRST_DISTRICT)
)
COMMUNES = tuple(
    agency for number, name in enumerate(_DISTRICTS, _FIRST_DISTRICT) for agency in _communes(number, name)
)
AGENCIES = (*DEPARTMENTS, *DISTRICTS, *COMMUNES)
