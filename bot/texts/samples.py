"""Values to try a text with: what is ordinary, and the longest that is realistic."""

from collections.abc import Mapping
from types import MappingProxyType

ORDINARY: Mapping[str, str] = MappingProxyType(
    {
        "code": "H32.15.02-261122-0001",
        "procedure": "Đăng ký khai sinh",
        "status": "đã được tiếp nhận",
        "status_label": "Đã tiếp nhận",
        "agency": "UBND phường Vĩnh Hải",
        "appointment": "16:30 30/11/2026",
        "old_appointment": "16:30 25/11/2026",
        "new_appointment": "16:30 30/11/2026",
        "supplement": "Bản sao chứng thực giấy chứng sinh",
        "supplement_until": "17:00 09/12/2026",
        "reason": "Giấy chứng sinh nộp kèm bị mờ",
        "place": "Bộ phận Một cửa UBND phường Vĩnh Hải",
        "hours": "trong giờ hành chính",
        "tracking": "EB123456789VN",
        "fee": "50.000",
        "step_agency": "Chi cục Thuế Nha Trang",
        "form": "Mẫu số 04",
        "count": "3",
        "lines": "H32.15.02-261122-0001: đã có kết quả; H32.15.02-261122-0002: đã được tiếp nhận",
        "text": "Tin thử của bộ phận Một cửa",
        "channel": "Telegram",
        "holder": "Phòng Tài nguyên và Môi trường",
        "days_late": "2",
        "hours_left": "3",
        "name": "outbox",
        "detail": "tin cũ nhất chờ 12 phút",
    }
)
"""A dossier as most are. Values have no full stop at the end: the text sets it."""

_LONG_PLACE = "Bộ phận Tiếp nhận và Trả kết quả giải quyết thủ tục hành chính, tầng 1, số 27 đường Nguyễn Thị Minh Khai"

WORST: Mapping[str, str] = MappingProxyType(
    {
        **ORDINARY,
        "code": "000.00.12.H62-20201105-0092637",
        "procedure": "Đăng ký biến động quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất trong các trường hợp "
        "chuyển đổi, chuyển nhượng, cho thuê, cho thuê lại, thừa kế, tặng cho, góp vốn bằng quyền sử dụng đất",
        "status": "chờ Ông/Bà thực hiện nghĩa vụ tài chính",
        "status_label": "Chờ nộp nghĩa vụ tài chính",
        "agency": "Trung tâm Phục vụ hành chính công xã Vĩnh Thạnh, tỉnh Khánh Hòa",
        "supplement": "Bản sao chứng thực giấy chứng nhận quyền sử dụng đất; văn bản ủy quyền có công chứng; tờ khai "
        "lệ phí trước bạ; tờ khai thuế thu nhập cá nhân; sơ đồ thửa đất; giấy xác nhận tình trạng hôn nhân",
        "reason": "Giấy tờ kèm theo chưa thống nhất về họ tên, ngày sinh và số giấy tờ tùy thân giữa các bản, cần được "
        "cơ quan cấp đính chính trước khi tiếp tục giải quyết theo quy định",
        "place": _LONG_PLACE,
        "hours": "7:30–11:30 và 13:30–17:00, thứ Hai đến thứ Sáu",
        "fee": "1.234.567.890",
        "step_agency": "Chi nhánh Văn phòng đăng ký đất đai khu vực Vạn Ninh",
        "form": "Mẫu số 04 ban hành kèm theo Nghị định",
        "count": "120",
        "lines": "; ".join(f"000.00.12.H62-20201105-00926{number}: đã có kết quả" for number in range(30, 40)),
        "text": _LONG_PLACE,
        "channel": "Zalo",
        "holder": "Phòng Kinh tế, Hạ tầng và Đô thị",
        "days_late": "120",
        "hours_left": "23",
        "detail": _LONG_PLACE,
    }
)
"""As long as records really hold them: a land dossier of a ward with a long name."""
