"""What is on the page of somebody's data: in Vietnamese, for her."""

from collections.abc import Mapping

INTRODUCTION = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Dữ liệu cá nhân của số {phone}</title>
<style>
body {{ font: 14px/1.5 sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em }}
table {{ border-collapse: collapse; font-size: 12px; width: 100% }}
th, td {{ border: 1px solid #777; padding: .2em .4em; text-align: left; vertical-align: top; overflow-wrap: anywhere }}
th {{ background: #eee }}
@media print {{ h2 {{ break-after: avoid }} tr {{ break-inside: avoid }} }}
</style></head><body>
<h1>Dữ liệu cá nhân của số {phone}</h1>
<p>Kính gửi Ông/Bà. Đây là tất cả những gì hệ thống tin nhắn của Bộ phận Một cửa đang lưu về số điện thoại này, lập lúc
{at}, theo Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15. Bản đầy đủ cho máy đọc ở tệp du-lieu.json đi kèm. Hồ sơ gốc và giấy
tờ đã nộp ở phần mềm Một cửa, không nằm trong bản này. Lời của người khác có nhắc tới số này không được chép ra.</p>
<p>Ông/Bà có quyền yêu cầu sửa hoặc xóa: nhắn XÓA DỮ LIỆU tới chúng tôi, hoặc hỏi tại quầy.</p>
"""

TABLES: Mapping[str, str] = {
    "dossiers": "Hồ sơ",
    "late_events": "Tin đến muộn về hồ sơ",
    "apologies": "Thư xin lỗi, hẹn lại",
    "apology_acts": "Việc cán bộ đã làm với thư xin lỗi",
    "outbox": "Tin chúng tôi đã gửi hoặc sẽ gửi",
    "broadcast_recipients": "Đợt phát tin có Ông/Bà",
    "inbound": "Tin Ông/Bà đã nhắn",
    "conversations": "Trạng thái hội thoại",
    "feedback": "Phản ánh, kiến nghị, yêu cầu",
    "parts": "Báo cáo giao tin của nhà mạng",
    "api_messages": "Tin do hệ thống khác gửi",
    "api_callbacks": "Kết quả đã báo cho hệ thống khác",
    "documents": "Văn bản đã gửi kèm",
    "surveys": "Phiếu hài lòng",
    "bindings": "Kênh chat gắn với số này",
    "follows": "Lượt theo dõi hồ sơ",
    "invitations": "Lời mời theo dõi chưa dùng",
    "one_time_codes": "Mã xác nhận đang chờ",
    "consents": "Sự đồng ý",
    "disowned": "Báo nhầm số",
    "preferences": "Cách nhận tin",
    "attempts": "Lần tra cứu không đúng",
    "do_not_send": "Danh sách không nhắn",
    "api_guests": "Người nhận thử của hệ thống khác",
    "carriers": "Nhà mạng",
    "talks": "Trao đổi với cán bộ",
}

COLUMNS: Mapping[str, str] = {
    "code": "Mã hồ sơ",
    "reference": "Tên bên gửi đặt cho tin",
    "source": "Nguồn",
    "status": "Tình trạng",
    "status_text": "Tình trạng (theo nguồn)",
    "agency": "Cơ quan",
    "agency_name": "Tên cơ quan",
    "procedure": "Mã thủ tục",
    "procedure_name": "Thủ tục",
    "applicant": "Người nộp",
    "phone": "Số điện thoại",
    "received_at": "Tiếp nhận",
    "appointment_at": "Hẹn trả",
    "finished_at": "Xong lúc",
    "supplement": "Cần bổ sung",
    "reason": "Lý do",
    "place": "Nơi trả",
    "lookup_code": "Mã tra cứu",
    "id_tail": "4 số cuối giấy tờ",
    "updated_at": "Nguồn cập nhật",
    "progressed_at": "Chuyển bước",
    "due_at": "Hạn",
    "promised_at": "Hẹn lại",
    "first_seen_at": "Biết lần đầu",
    "saved_at": "Lưu lúc",
    "address": "Địa chỉ",
    "channel": "Kênh",
    "situation": "Loại tin",
    "text": "Nội dung",
    "state": "Kết quả",
    "created_at": "Lập lúc",
    "expires_at": "Hết hạn",
    "sent_at": "Gửi lúc",
    "settled_at": "Xong lúc",
    "sender": "Tên người gửi",
    "gateway": "Cổng",
    "carrier": "Nhà mạng",
    "cost": "Giá (đồng)",
    "at": "Lúc",
    "outcome": "Hiểu là",
    "language": "Ngôn ngữ",
    "heard_at": "Nhắn gần nhất",
    "name": "Họ tên",
    "home": "Địa chỉ nhà",
    "answer": "Trả lời",
    "answered_at": "Trả lời lúc",
    "answered_by": "Người trả lời",
    "kind": "Loại",
    "since": "Từ",
    "proof": "Chứng minh bằng",
    "purpose": "Mục đích",
    "wording": "Lời văn",
    "given_at": "Đồng ý lúc",
    "withdrawn_at": "Rút lại lúc",
    "asked_at": "Hỏi lúc",
    "score": "Điểm",
    "broadcast": "Đợt phát tin",
    "invited_by": "Người mời",
    "important_only": "Chỉ tin quan trọng",
    "scheme": "Ưu tiên",
    "subject": "Ai",
    "named_at": "Biết lúc",
    "begun_at": "Bắt đầu",
    "clerk": "Cán bộ",
    "ordered_by": "Ai yêu cầu",
    "why": "Lý do",
    "what": "Việc",
    "done_by": "Ai làm",
    "detail": "Chi tiết",
    "media_type": "Kiểu tệp",
    "put_at": "Lập lúc",
}
