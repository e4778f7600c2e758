"""Well-known procedures of the three tiers, with the working days that they may take.

Names are shortened from the national list. The codes of civil status, certification, household businesses and
social aid are the national ones; those of the departments and of land are in the national shape, but not all of
them could be checked.
"""

from typing import NamedTuple

from adapters.simulators.onestop.agencies import Tier


class Procedure(NamedTuple):
    code: str
    name: str
    tier: Tier
    sector: str
    """Which texts fit it: a key of the tables in `wording`."""
    days: int
    """Working days; 0 for the same day."""
    weight: int
    """How often it is asked for, within its tier."""
    department: str = ""
    """The department that deals with it, for the first tier."""
    duty: bool = False
    """A fee or tax falls due while it is being worked on."""


def _of(tier: Tier, sector: str, *rows: tuple[str, str, int, int], duty: bool = False) -> list[Procedure]:
    return [Procedure(code, name, tier, sector, days, weight, duty=duty) for code, name, days, weight in rows]


def _department(name: str, sector: str, *rows: tuple[str, str, int, int], duty: bool = False) -> list[Procedure]:
    return [
        Procedure(code, procedure, Tier.DEPARTMENT, sector, days, weight, name, duty)
        for code, procedure, days, weight in rows
    ]


PROCEDURES: tuple[Procedure, ...] = (
    *_of(
        Tier.COMMUNE, "civil",
        ("1.001193", "Đăng ký khai sinh", 0, 12),
        ("1.000656", "Đăng ký khai tử", 0, 5),
        ("1.000894", "Đăng ký kết hôn", 0, 6),
        ("1.004873", "Cấp Giấy xác nhận tình trạng hôn nhân", 3, 8),
        ("2.000635", "Cấp bản sao trích lục hộ tịch", 0, 9),
        ("1.004884", "Đăng ký lại khai sinh", 5, 2),
        ("1.004746", "Đăng ký lại kết hôn", 5, 1),
        ("1.004837", "Đăng ký giám hộ", 3, 1),
        ("1.000689", "Đăng ký khai sinh kết hợp nhận cha, mẹ, con", 3, 2),
        ("2.001263", "Đăng ký việc nuôi con nuôi trong nước", 10, 1),
    ),
    *_of(
        Tier.COMMUNE, "certification",
        ("2.000815", "Chứng thực bản sao từ bản chính", 0, 22),
        ("2.000884", "Chứng thực chữ ký trong các giấy tờ, văn bản", 0, 10),
        ("2.001019", "Chứng thực di chúc", 2, 1),
        ("2.000942", "Cấp bản sao có chứng thực từ bản chính hợp đồng, giao dịch", 0, 2),
    ),
    *_of(
        Tier.COMMUNE, "aid",
        ("1.001699", "Xác định, xác định lại mức độ khuyết tật và cấp Giấy xác nhận khuyết tật", 15, 2),
        ("1.001776", "Trợ cấp xã hội hàng tháng", 10, 3),
        ("1.001731", "Hỗ trợ chi phí mai táng cho đối tượng bảo trợ xã hội", 2, 2),
        ("1.010833", "Cấp giấy xác nhận thân nhân của người có công", 2, 2),
        ("1.011607", "Công nhận hộ nghèo, hộ cận nghèo thường xuyên hằng năm", 10, 2),
    ),
    *_of(
        Tier.DISTRICT, "business",
        ("1.001612", "Đăng ký thành lập hộ kinh doanh", 3, 14),
        ("2.000720", "Đăng ký thay đổi nội dung đăng ký hộ kinh doanh", 3, 6),
        ("1.001570", "Tạm ngừng kinh doanh hộ kinh doanh", 3, 3),
        ("1.001266", "Chấm dứt hoạt động hộ kinh doanh", 3, 3),
        ("2.000575", "Cấp lại Giấy chứng nhận đăng ký hộ kinh doanh", 3, 2),
    ),
    *_of(
        Tier.DISTRICT, "building",
        ("1.009994", "Cấp giấy phép xây dựng nhà ở riêng lẻ", 15, 8),
        ("1.009995", "Cấp giấy phép sửa chữa, cải tạo nhà ở riêng lẻ", 15, 3),
        ("1.009997", "Điều chỉnh giấy phép xây dựng nhà ở riêng lẻ", 10, 2),
        ("1.009998", "Gia hạn giấy phép xây dựng nhà ở riêng lẻ", 5, 2),
    ),
    *_of(
        Tier.DISTRICT, "land",
        ("2.000889", "Đăng ký biến động quyền sử dụng đất do chuyển nhượng, thừa kế, tặng cho", 10, 18),
        ("1.004199", "Cấp đổi Giấy chứng nhận quyền sử dụng đất", 7, 6),
        ("1.004203", "Tách thửa hoặc hợp thửa đất", 15, 5),
        ("1.003003", "Đăng ký và cấp Giấy chứng nhận quyền sử dụng đất lần đầu", 30, 4),
        ("1.000798", "Chuyển mục đích sử dụng đất", 15, 4),
        ("1.004227", "Đăng ký biến động do thay đổi thông tin người sử dụng đất", 10, 3),
        duty=True,
    ),
    *_of(
        Tier.DISTRICT, "civil",
        ("2.000528", "Đăng ký khai sinh có yếu tố nước ngoài", 1, 2),
        ("2.000806", "Đăng ký kết hôn có yếu tố nước ngoài", 10, 2),
        ("2.000748", "Thay đổi, cải chính, bổ sung thông tin hộ tịch", 3, 4),
    ),
    *_of(
        Tier.DISTRICT, "certification",
        ("2.000843", "Chứng thực bản sao từ bản chính giấy tờ do nước ngoài cấp", 0, 6),
        ("2.001008", "Chứng thực chữ ký người dịch", 2, 4),
    ),
    *_department("Sở Tư pháp", "record", ("2.000488", "Cấp Phiếu lý lịch tư pháp cho công dân Việt Nam", 10, 18)),
    *_department(
        "Sở Giao thông vận tải", "licence",
        ("1.002809", "Đổi Giấy phép lái xe do ngành Giao thông vận tải cấp", 5, 26),
        ("1.002820", "Cấp lại Giấy phép lái xe", 5, 8),
    ),
    *_department(
        "Sở Kế hoạch và Đầu tư", "business",
        ("2.001610", "Đăng ký thành lập doanh nghiệp tư nhân", 3, 4),
        ("2.001199", "Đăng ký thành lập công ty TNHH một thành viên", 3, 8),
        ("2.001996", "Thông báo thay đổi ngành, nghề kinh doanh", 3, 5),
    ),
    *_department(
        "Sở Lao động - Thương binh và Xã hội", "labour",
        ("2.000205", "Cấp giấy phép lao động cho người lao động nước ngoài", 5, 5),
        ("2.001955", "Đăng ký nội quy lao động của doanh nghiệp", 7, 2),
    ),
    *_department(
        "Sở Y tế", "health",
        ("1.003748", "Cấp chứng chỉ hành nghề khám bệnh, chữa bệnh", 20, 3),
        ("1.004593", "Cấp Giấy chứng nhận đủ điều kiện kinh doanh dược", 20, 2),
    ),
    *_department("Sở Giáo dục và Đào tạo", "school", ("1.005092", "Cấp bản sao văn bằng, chứng chỉ từ sổ gốc", 1, 6)),
    *_department(
        "Sở Xây dựng", "building",
        ("1.009972", "Thẩm định báo cáo nghiên cứu khả thi đầu tư xây dựng", 25, 1),
        ("1.009982", "Cấp chứng chỉ hành nghề hoạt động xây dựng hạng II", 20, 2),
    ),
    *_department(
        "Sở Tài nguyên và Môi trường", "land",
        ("1.012753", "Đăng ký đất đai và cấp Giấy chứng nhận lần đầu đối với tổ chức", 20, 2), duty=True,
    ),
    *_department("Sở Công Thương", "trade", ("2.000674", "Cấp Giấy xác nhận đủ điều kiện bán lẻ xăng dầu", 10, 2)),
    *_department("Sở Du lịch", "trade", ("1.004628", "Cấp thẻ hướng dẫn viên du lịch nội địa", 10, 3)),
    *_department("Sở Nội vụ", "business", ("1.003503", "Công nhận ban vận động thành lập hội", 20, 1)),
    *_department("Sở Tài chính", "business", ("2.002206", "Cấp mã số đơn vị có quan hệ với ngân sách", 2, 3)),
    *_department(
        "Sở Nông nghiệp và Phát triển nông thôn", "trade",
        ("1.004363", "Cấp Giấy chứng nhận đủ điều kiện buôn bán thuốc bảo vệ thực vật", 14, 2),
    ),
    *_department("Sở Thông tin và Truyền thông", "trade", ("1.004153", "Cấp giấy phép hoạt động in", 10, 1)),
    *_department(
        "Sở Văn hóa và Thể thao", "trade",
        ("1.003784", "Cấp giấy phép nhập khẩu văn hóa phẩm không nhằm mục đích kinh doanh", 2, 1),
    ),
    *_department(
        "Sở Khoa học và Công nghệ", "business",
        ("1.001786", "Cấp Giấy chứng nhận hoạt động lần đầu cho tổ chức khoa học và công nghệ", 15, 1),
    ),
    *_department("Sở Ngoại vụ", "business", ("2.002311", "Cho phép tổ chức hội nghị, hội thảo quốc tế", 15, 1)),
    *_department(
        "Ban Quản lý Khu kinh tế Vân Phong", "business",
        ("1.009748", "Cấp Giấy chứng nhận đăng ký đầu tư trong khu kinh tế", 15, 1),
    ),
)  # fmt: skip
