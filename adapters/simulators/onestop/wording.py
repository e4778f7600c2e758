"""What an office writes to a citizen: what to add and why, why it is late, why it refuses, where to collect."""

SUPPLEMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "civil": (
        (
            "Bản chính Giấy chứng sinh của trẻ do cơ sở y tế cấp",
            "Hồ sơ chỉ có bản chụp, không có bản chính để đối chiếu",
        ),
        (
            "Giấy xác nhận tình trạng hôn nhân tại nơi cư trú trước đây, từ tháng 3/2015 đến tháng 8/2019",
            "Chưa có giấy tờ chứng minh tình trạng hôn nhân trong thời gian cư trú ở nơi khác",
        ),
        ("Văn bản ủy quyền có chứng thực", "Người nộp hồ sơ không phải người có tên trong tờ khai"),
    ),
    "certification": (
        ("Bản chính giấy tờ cần chứng thực, trang 3 và trang 4", "Bản chính nộp kèm thiếu trang"),
        ("Căn cước công dân còn thời hạn của người yêu cầu", "Giấy tờ tùy thân đã nộp hết thời hạn sử dụng"),
    ),
    "aid": (
        (
            "Giấy ra viện hoặc tóm tắt bệnh án trong 12 tháng gần nhất",
            "Chưa có căn cứ y tế để Hội đồng xác định mức độ",
        ),
        ("Số tài khoản ngân hàng của người hưởng trợ cấp", "Tờ khai chưa ghi hình thức nhận tiền"),
    ),
    "business": (
        ("Bản sao hợp đồng thuê địa điểm kinh doanh", "Địa chỉ kinh doanh không trùng với nơi cư trú của chủ hộ"),
        (
            "Giấy đề nghị ghi rõ mã ngành cấp bốn",
            "Ngành, nghề kinh doanh ghi chưa đúng hệ thống ngành kinh tế Việt Nam",
        ),
    ),
    "building": (
        ("Hai bộ bản vẽ thiết kế có chữ ký, đóng dấu của đơn vị thiết kế", "Bản vẽ mặt cắt chưa thể hiện khoảng lùi"),
        ("Bản cam kết bảo đảm an toàn đối với công trình liền kề", "Công trình có tầng hầm và giáp nhà bên cạnh"),
    ),
    "land": (
        ("Bản gốc Giấy chứng nhận quyền sử dụng đất", "Hồ sơ mới có bản sao, cần bản gốc để chỉnh lý"),
        ("Trích đo bản đồ địa chính thửa đất số 128, tờ bản đồ số 17", "Diện tích đo thực tế khác với Giấy chứng nhận"),
        ("Văn bản phân chia di sản thừa kế có công chứng", "Hồ sơ chưa thể hiện đủ người thừa kế cùng hàng"),
    ),
    "record": (
        ("Bản sao căn cước công dân có chứng thực", "Ảnh chụp căn cước gửi kèm bị mờ, không đọc được số"),
        ("Tờ khai ghi đầy đủ nơi cư trú từ khi đủ 14 tuổi", "Mục quá trình cư trú còn thiếu giai đoạn 2008 - 2012"),
    ),
    "licence": (
        ("Giấy khám sức khỏe của người lái xe cấp trong 06 tháng gần nhất", "Giấy khám sức khỏe đã nộp quá thời hạn"),
        ("Ảnh chân dung 3 x 4 nền xanh", "Ảnh nộp kèm không đúng quy cách in giấy phép"),
    ),
    "labour": (
        ("Phiếu lý lịch tư pháp của người lao động, cấp không quá 06 tháng", "Phiếu đã nộp cấp quá 06 tháng"),
        ("Bản dịch có chứng thực văn bằng chuyên môn", "Văn bằng bằng tiếng nước ngoài chưa được dịch"),
    ),
    "health": (
        ("Giấy xác nhận quá trình thực hành 18 tháng", "Giấy xác nhận đã nộp thiếu chữ ký của cơ sở thực hành"),
    ),
    "school": (("Số hiệu văn bằng và năm tốt nghiệp", "Thông tin trong đơn chưa đủ để tra cứu sổ gốc"),),
    "trade": (("Chứng chỉ nghiệp vụ còn hiệu lực", "Chứng chỉ đã nộp hết hạn ngày 31/12 năm trước"),),
}

DELAYS: dict[str, tuple[str, ...]] = {
    "civil": ("Chờ văn bản xác minh của UBND nơi cư trú cũ", "Cần đối chiếu với sổ hộ tịch lưu tại cấp huyện"),
    "aid": ("Hội đồng xác định mức độ khuyết tật phải lùi ngày họp",),
    "building": ("Phải kiểm tra lại ranh giới tại thực địa do mưa lũ chưa thực hiện được",),
    "land": ("Chờ ý kiến thẩm tra của chi cục thuế", "Phải đo đạc lại ranh giới với thửa đất liền kề"),
    "record": ("Chờ kết quả tra cứu thông tin của Trung tâm Lý lịch tư pháp quốc gia",),
    "licence": ("Máy in giấy phép lái xe gặp sự cố, đang được khắc phục",),
}
ANY_DELAY = ("Cơ quan phối hợp chưa gửi ý kiến đúng hạn", "Hệ thống phần mềm gián đoạn, hồ sơ phải xử lý lại")

REFUSALS = (
    "Thủ tục không thuộc thẩm quyền của cơ quan tiếp nhận; đề nghị nộp tại nơi cư trú",
    "Hồ sơ điện tử nộp trùng với hồ sơ đã tiếp nhận trước đó",
    "Tệp đính kèm không mở được và không liên hệ được với người nộp",
)
STOPS = (
    "Không đủ điều kiện giải quyết theo quy định của pháp luật chuyên ngành",
    "Quá thời hạn mà chưa nhận được hồ sơ bổ sung",
    "Đang có tranh chấp, chờ kết quả giải quyết của Tòa án",
)
WITHDRAWAL = "Theo đơn đề nghị rút hồ sơ của công dân"
PAUSE = "Chờ kết quả trưng cầu giám định theo quy định của pháp luật chuyên ngành"
DUTY = "Thông báo nộp nghĩa vụ tài chính của cơ quan thuế đã được gửi kèm; đề nghị nộp trong 30 ngày"
PLACE = "Bộ phận Một cửa {seat}; giờ trả: 07:00 - 11:30 và 13:30 - 17:00, thứ Hai đến thứ Sáu"
