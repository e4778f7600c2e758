"""What citizens type, and what the bot takes it for: a table of messages, and properties that no text may break."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.factors import factor_in
from bot.conversation.features import INTENTS
from bot.conversation.understanding import understand
from bot.conversation.wording import wording
from bot.model.code import READ_LIMIT
from bot.ports import ConversationState

C = "H56.14-240823-0001"
OLD = "000.17.22.H56-210531-0001"
PUSH = (
    f"Kính gửi Ông/Bà,\nHồ sơ {C} (Đăng ký khai sinh) đã dừng xử lý.\nLý do: hồ sơ không đủ điều kiện, đã hủy.\n"
    "Xin liên hệ UBND phường Vĩnh Hải để nhận lại giấy tờ và được hướng dẫn."
)
SMS_PUSH = (
    f"Kinh gui Ong/Ba: ho so {C} da dung xu ly. Ly do: da huy. Xin lien he UBND phuong Vinh Hai de duoc huong dan."
)

FORWARDED = (
    f"Fwd: UBND phường thông báo ngày hẹn trả của hồ sơ {C} là 30/8, "
    "khi nào có thì mời công dân đến nhận kết quả tại quầy"
)

TYPED: dict[str, list[str]] = {
    "lookup": [
        C, OLD, f"HS {C}", f"hs {C}", f"HS{C}", f"hs{OLD}", f"ho so {C}", f"Hồ sơ {C}", f"tra cứu {C}", f"TRACUU {C}",
        f"tra cuu hs {C}", f"mã hồ sơ: {C}", f"cho em hỏi {C} với ạ", f"{C} sao rồi", f"{C} đến đâu rồi ạ?",
        f"hồ sơ {C} xong chưa", f"hs {C} dc chua", f"{C} {OLD}", f"Hồ sơ {C} đã hủy", f"Hồ sơ {C} đã dừng xử lý", PUSH,
        SMS_PUSH, FORWARDED, "h56.14-24O823-OOO1", "1.005129", f"check {C}", f"status of {C}", "HS", "tra cứu",
        f"hồ sơ của tôi {C}",
    ],
    "mine": [
        "hồ sơ của tôi", "ho so cua toi", "HS CUA TOI", "hs cua em", "hosocuatoi", "cho tôi xem danh sách",
        "danh sách hồ sơ", "my dossiers", "ho so cua toi dau roi", "hồ sơ em đến đâu rồi ạ", "xong chưa",
        "có kết quả chưa", "hồ sơ đang theo dõi",
    ],
    "follow": [
        f"theo dõi {C}", f"THEO DOI {C}", f"theodoi {C}", "theo doi", f"cho tôi theo dõi hồ sơ {C}", f"follow {C}",
    ],
    "unfollow": [
        f"thôi theo dõi {C}", f"bo theo doi {C}", f"ngừng theo dõi {C}", f"dừng theo dõi {C}", f"huỷ theo dõi {C}",
        "khong theo doi nua", f"hủy {C}", f"unfollow {C}",
    ],
    "next": [
        "bước tiếp theo", f"buoc tiep theo {C}", "tiếp theo là gì", "tiep theo la gi vay", f"hs {C} cần làm gì tiếp",
        f"hồ sơ {C} bây giờ tôi phải làm gì", "what happens next", f"next {C}",
    ],
    "who": [
        "ai đang giữ", f"ai dang xu ly ho so {C}", f"hồ sơ {C} đang ở đâu", "cơ quan nào đang giải quyết",
        f"{C} phong nao lam", f"who is handling {C}",
    ],
    "days": [
        "còn bao lâu", "con bao lau nua", f"{C} con bao lau", "còn mấy ngày nữa vậy", "khi nào xong", "kn xong",
        "bao giờ có kết quả", "bh có kq", f"cho em hỏi hồ sơ {C} khi nào có kết quả ạ", "chừng nào xong", "how long",
        f"when will {C} be ready", "Chào anh chị, tuần trước em có nộp hồ sơ ở phường, cho em hỏi bao giờ xong ạ",
    ],
    "bring": [
        "mang gì", "can mang gi", "cần mang theo giấy tờ gì", "nhận ở đâu", "lấy kết quả ở đâu", f"{C} lay o dau",
        f"hs {C} nhận kết quả ở đâu vậy ạ", "what to bring", "đem theo gì",
    ],
    "history": ["lịch sử", f"lich su {C}", "quá trình", f"quá trình xử lý hồ sơ {C}", "history"],
    "language": ["EN", "english", "tiếng anh", "vi", "tieng viet", "Tiếng Việt", "ngôn ngữ", "ngon ngu", "language"],
    "help": [
        "", "   ", "😀😀", "???", "alo", "A lô", "xin chào", "Chào ad", "hello", "help", "trợ giúp", "tro giup",
        "TROGIUP", "hướng dẫn", "huong dan su dung", "menu",
    ],
    "thanks": ["cảm ơn", "cam on nhieu", "Cám ơn bạn nhé", "thanks", "dạ cảm ơn ạ"],
    "stop": [
        "STOP", "stop", "Stop!", "DUNG", "dung", "Dừng", "dừng lại", "dung nhan tin", "HUY", "hủy", "Huỷ", "TU CHOI",
        "từ chối", "TC", "unsubscribe", "ngừng nhận tin", "tôi muốn ngừng nhận tin nhắn", "đừng nhắn tin nữa",
        "dung nhan nua", "khong nhan tin nua", "ＳＴＯＰ",
    ],
    "start": ["START", "start", "BAT DAU", "bắt đầu", "mở lại", "MO LAI", "tiếp tục nhận tin", "nhan tin lai"],
    "wrong_number": [
        "sai số", "SAI SO", "nhầm số rồi", "nham so", "xin lỗi, nhầm số", "không phải tôi", "ko phai toi",
        "không phải tôi nộp", "khong phai ho so cua toi", "nhắn nhầm người rồi", "wrong number",
    ],
    "feedback": ["góp ý", "gop y", "phản ánh", "PA", f"PA {C} chậm quá", "kiến nghị", "phan anh can bo gay kho de"],
    "complaint": ["khiếu nại", "khieu nai", "tố cáo", "tôi muốn khiếu nại", "complaint"],
    "scam": ["lừa đảo", "LUA DAO", "giả mạo", "tôi bị lừa đảo", "có người giả mạo cán bộ gọi tôi", "scam"],
    "genuine": [
        "làm sao biết đây là thật", "lam sao biet", "có phải của cơ quan không", "co phai lua dao khong",
        "có thật không", "ai đây", "is this real?",
    ],
    "clerk": [
        "gặp cán bộ", "gap can bo", "gặp cb", "cán bộ", "CAN BO", "cho tôi gặp người thật", "talk to a human", "clerk",
    ],
    "back": ["kết thúc", "KET THUC", "quay lại bot", "back"],
    "bind": ["liên kết", "lien ket 0912345678", "LIENKET", "liên kết số điện thoại", "link"],
    "unbind": ["hủy liên kết", "huy lien ket", "bỏ liên kết", "unlink"],
    "erase": ["xóa dữ liệu", "xoá dữ liệu của tôi", "xoa du lieu", "delete my data"],
    "invite": [f"ủy quyền {C}", f"uỷ quyền {C}", f"cho phép theo dõi {C}", "uy quyen"],
    "accept": ["UQ AB3DE4FG", "uq ab3de4fg"],
    "revoke": [f"thu hồi {C}", "thu hoi", f"hủy ủy quyền {C}"],
    "channel": [
        "nhận tin qua zalo", "NHAN TIN QUA ZALO", "nhận tin qua Telegram", "nhan tn qua sms", "chuyển sang SMS",
        "doi sang telegram", "cho em nhận tin qua zalo với ạ", "qua zalo", "by sms", "please tell me by telegram",
        "switch to SMS", "tùy chọn", "TUY CHON", "tuỳ chọn", "cài đặt", "settings", "đổi kênh nhận tin",
    ],
    "topics": [
        "chỉ tin quan trọng", "tin quan trọng", "TIN QUAN TRONG", "chi tin quan trong thoi a",
        "tôi chỉ muốn nhận tin quan trọng", "nhận đủ tin", "NHAN DU TIN", "tất cả tin", "tat ca tin", "important only",
        "all news", "Important news only please",
    ],
    "rate": [f"đánh giá 1 {C}", "danh gia 3", "rất hài lòng", "khong hai long", "satisfied"],
    "phone": ["0912345678", "0912 345 678", "+84 912 345 678", "0912.345.678"],
    "number": ["1234", "123456", "1", "12", "2."],
    "yes": [
        "đúng", "Đúng rồi", "dung roi", "dung roi a", "có", "vâng", "dạ vâng ạ", "ok", "yes", "ừ", "phải", "đồng ý",
    ],
    "no": ["không", "ko", "k", "Dạ không", "không phải", "sai rồi", "no", "không đúng", "khong dong y"],
    "cancel": ["thoát", "THOAT", "thôi", "cancel"],
    "unknown": [
        "Nguyễn Văn An", "Huy Nguyễn", "Dung Trần Thị", "đã hủy", "trời hôm nay đẹp quá", "AB12", "079204012345",
        "Từ chối trách nhiệm là việc làm không đúng của cơ quan nhà nước", "thu hồi đất nông nghiệp", "H56.14-2408",
        "cán bộ ở quầy số 3 rất nhiệt tình", "qua zalo có tra cứu được hồ sơ không", "đủ tin cậy hay không",
        "cài đặt ứng dụng VNeID", "tôi không thích nhận tin qua zalo",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "intent"), [(text, name) for name, texts in TYPED.items() for text in texts])
def test_what_citizens_type_is_understood(text: str, intent: str) -> None:
    assert understand(text, ConversationState()).name == intent


def test_there_are_enough_messages_and_every_intent_has_some() -> None:
    assert sum(map(len, TYPED.values())) >= 150
    assert set(TYPED) == set(INTENTS)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("huy", "cancel"),
        ("hủy", "cancel"),
        ("HUY BO", "cancel"),
        ("từ chối", "cancel"),
        ("thôi", "cancel"),
        ("dung", "yes"),
        ("DUNG", "yes"),
        ("đúng", "yes"),
        ("vâng, hồ sơ đó", "yes"),
        ("vang ạ", "yes"),
        ("da", "yes"),
        ("đã hủy", "unknown"),
        ("Dung Trần Thị", "unknown"),
        ("dừng", "stop"),
        ("STOP", "stop"),
        ("dung nhan tin", "stop"),
        ("Nguyễn Văn Hủy", "unknown"),
        ("hủy liên kết", "unbind"),
        ("phản ánh", "feedback"),
    ],
)
def test_while_a_question_waits_some_words_are_answers(text: str, intent: str) -> None:
    assert understand(text, ConversationState(dialogue="confirm")).name == intent


@pytest.mark.parametrize("text", ["đến đâu rồi", "xong chưa ạ", "sao roi"])
def test_how_far_it_is_means_the_dossier_that_was_spoken_of(text: str) -> None:
    assert understand(text, ConversationState(about=C)).name == "lookup"


OPTIONS = ("đúng", "không phải", f"theo dõi {C}")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("1", "yes"),
        ("2", "no"),
        (" 3. ", "follow"),
        ("(2)", "no"),
        ("4", "number"),
        ("0", "number"),
        ("1234", "number"),
    ],
)
def test_a_number_says_the_option_that_has_it(text: str, intent: str) -> None:
    understood = understand(text, ConversationState(dialogue="confirm", options=OPTIONS))

    assert understood.name == intent


def test_an_option_that_is_a_number_itself_is_not_looked_up_again() -> None:
    assert understand("1", ConversationState(options=("1",))).name == "number"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"TRACUU {C} ab12", "ab12"),
        (f"tra cứu {C} abcd", "abcd"),
        (f"HS {C} 1234", "1234"),
        (f"{C} AB12", "AB12"),
        (f"{C} mã tra cứu AB12 ạ", "AB12"),
        (f"{C} 4 số cuối CCCD 0123", "0123"),
        (f"{C} 4 so cuoi sdt la 0123", "0123"),
        (f"theo dõi {C} 1234", "1234"),
        (f"{C} 1234 còn bao lâu", "1234"),
        (f"HS {C} nhanh", ""),
        (f"{C} cho em hỏi với", ""),
        (f"{C} nộp ngày 12/11/2026", ""),
        (PUSH, ""),
        (SMS_PUSH, ""),
        ("PA: Cán bộ Phường gây KHÓ dễ, không giải thích.", "Cán bộ Phường gây KHÓ dễ, không giải thích."),
        ("Phản ánh\nQuầy 3 đóng cửa\nlúc 10 giờ", "Quầy 3 đóng cửa\nlúc 10 giờ"),
        (f"góp ý hồ sơ {C} chậm", "hồ sơ   chậm"),
        ("liên kết 0912 345 678", "0912 345 678"),
        ("UQ ab3d e4fg", "ab3d e4fg"),
        (f"đánh giá 2 {C}", "2"),
        ("rất hài lòng", "rất hài lòng"),
        ("english", "en"),
        ("tiếng việt", "vi"),
        ("ngôn ngữ", ""),
        ("Nhận tin qua Telegram nhé", "telegram"),
        ("chuyển sang SMS", "sms"),
        ("by zalo", "zalo"),
        ("tùy chọn", ""),
        ("chỉ nhận tin quan trọng", "important"),
        ("nhận tất cả tin", "all"),
        ("123 456", "123456"),
        ("0912.345.678", "+84912345678"),
    ],
)
def test_what_stands_beside_the_keyword_is_kept_as_it_was_typed(text: str, rest: str) -> None:
    assert understand(text, ConversationState()).rest == rest


def test_codes_are_found_wherever_they_stand_and_the_text_stays_whole() -> None:
    understood = understand(f"Theo dõi giúp em {C.lower()} và {OLD}", ConversationState())

    assert [each.code for each in understood.codes] == [C, OLD]
    assert understood.text == f"Theo dõi giúp em {C.lower()} và {OLD}"
    assert understood.word == "theo doi giup em h56 14 240823 0001 va 0"


@pytest.mark.parametrize(
    ("answer", "factor"),
    [
        ("AB12", "AB12"),
        ("ab12", "ab12"),
        ("abcd", "abcd"),
        ("1234", "1234"),
        ("mã tra cứu là AB12 ạ", "AB12"),
        ("4 số cuối là 1234", "1234"),
        ("cccd 0123", "0123"),
        ("0912 345 678", "0912 345 678"),
        ("079204012345", "079204012345"),
        ("em không nhớ", ""),
        ("sao lâu vậy", ""),
        ("12", ""),
        ("", ""),
        ("AB12 " * 40, ""),
    ],
)
def test_the_answer_to_the_question_for_a_factor_may_be_a_sentence(answer: str, factor: str) -> None:
    assert factor_in(answer) == factor


def test_every_word_of_the_file_means_what_its_group_says() -> None:
    ambiguous = [
        phrase
        for phrase, meanings in wording().meanings.items()
        if len({(each.group.intent, each.group.code) for each in meanings}) > 1
        and not all(each.group.code is not None for each in meanings)
    ]
    assert ambiguous == []


STATES = st.builds(
    ConversationState,
    dialogue=st.sampled_from(["", "confirm", "factor"]),
    options=st.lists(st.text(max_size=20), max_size=3).map(tuple),
    about=st.sampled_from(["", C]),
)
SNIPPETS = st.sampled_from(
    [C, OLD, "dừng", "hủy", "hồ sơ", "không phải", "1", "\u0301", "\ud800", "ﷺ", "ŉ", "\u200d", "4 số cuối", " "]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(SNIPPETS, st.text(max_size=5)), max_size=30).map("".join))


@settings(max_examples=300)
@given(TEXTS, STATES)
def test_any_text_is_understood_as_something_that_is_handled(text: str, state: ConversationState) -> None:
    understood = understand(text, state)

    assert understood.name in INTENTS
    assert len(understood.word) <= 40
    assert len(factor_in(text)) <= 80


@pytest.mark.parametrize(
    "piece", ["a", "dừng ", f"{C} ", "ko ", "1", "\u0301", "xin ", "còn bao lâu ", "ﷺ", "🏳️‍🌈", "H56.14-2408"]
)
def test_a_hundred_kilobytes_are_read_in_well_under_a_second(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.thread_time()

    understand(text, ConversationState())

    assert time.thread_time() - start < 1


def test_a_keyword_behind_the_limit_is_not_read() -> None:
    assert understand("." * READ_LIMIT + " STOP", ConversationState()).name == "help"
