"""What staff read of broadcasts in a chat and on the command line, in both languages."""

from collections.abc import Mapping

from bot.model.broadcast import Broadcast, BroadcastState, Refusal
from bot.texts import show_moment

Words = Mapping[str, str]

STATES: Mapping[str, Words] = {
    "vi": {
        BroadcastState.DRAFT: "bản thảo",
        BroadcastState.SUBMITTED: "chờ người khác duyệt",
        BroadcastState.APPROVED: "đã duyệt, chờ đến giờ gửi",
        BroadcastState.RUNNING: "đang gửi",
        BroadcastState.TRIED: "đã gửi thử nhóm đầu, chờ cho gửi tiếp",
        BroadcastState.PAUSED: "đang tạm dừng",
        BroadcastState.DONE: "đã gửi xong",
        BroadcastState.CANCELLED: "đã hủy",
        BroadcastState.REJECTED: "không được duyệt",
    },
    "en": {
        BroadcastState.DRAFT: "a draft",
        BroadcastState.SUBMITTED: "waits for another person's approval",
        BroadcastState.APPROVED: "approved, waits for its hour",
        BroadcastState.RUNNING: "being sent",
        BroadcastState.TRIED: "the first few have been sent, waits for a word to go on",
        BroadcastState.PAUSED: "paused",
        BroadcastState.DONE: "sent",
        BroadcastState.CANCELLED: "cancelled",
        BroadcastState.REJECTED: "not approved",
    },
}

REFUSED: Mapping[str, Words] = {
    "vi": {
        "missing": "Không có đợt phát tin này.",
        "state": "Đợt này {state}, không làm vậy được nữa.",
        "changed": "Người khác vừa sửa đợt này. Xin xem lại rồi làm lại.",
        "agency": "Có cơ quan ngoài phạm vi của đợt phát tin.",
        "same_list": "Danh sách này đã được gửi ở đợt {of}.",
        "not_drawn": "Chưa lập và đếm danh sách người nhận của lời này.",
        "not_tested": "Chưa gửi thử cho chính mình lời này.",
        "no_people": "Không có ai để gửi.",
        "text": "Lời tin có lỗi, chưa dùng được.",
        "no_budget": "Vượt ngân sách tháng: cần {cost} đồng, chỉ còn {left} đồng.",
        "own": "Người soạn, người sửa và người trình không được tự duyệt.",
        "no_way": "Không có kênh nào tới nơi nhận thử.",
        "no_value": "Thiếu giá trị “{name}”.",
        "too_many_tests": "Đã gửi thử quá {most} lần.",
        "too_many": "Danh sách quá {most} người.",
    },
    "en": {
        "missing": "There is no such broadcast.",
        "state": "It is {state}: that cannot be done any more.",
        "changed": "Somebody else has just changed it. Please look at it again.",
        "agency": "An agency is named that is not this broadcast's.",
        "same_list": "This list was sent with {of}.",
        "not_drawn": "The recipients of this text have not been drawn up and counted.",
        "not_tested": "This text has not been tried on yourself.",
        "no_people": "There is nobody to send it to.",
        "text": "There is an error in the text.",
        "no_budget": "Beyond the month's budget: {cost} đồng are needed, {left} are left.",
        "own": "Whoever wrote, changed or submitted it may not approve it.",
        "no_way": "No channel leads there.",
        "no_value": "There is no value for “{name}”.",
        "too_many_tests": "It was tried more than {most} times.",
        "too_many": "The list has more than {most} recipients.",
    },
}

SAID: Mapping[str, Words] = {
    "vi": {
        "none": "Không có đợt phát tin nào đang chờ duyệt hay đang gửi.",
        "waiting": "Đang chờ duyệt hoặc đang gửi:",
        "help": "Xin nhắn: /phattin SỐ để xem · /phattin duyet SỐ · /phattin dung SỐ · /phattin tiep SỐ · "
        "/phattin huy SỐ · /phattin moi để soạn đợt mới.",
        "people": "{people} người, {parts} tin SMS, {cost} đồng",
        "sure": "{what} {id}: {people} người, {cost} đồng. Để chắc chắn, xin nhắn lại:\n/phattin {verb} {id} {code}",
        "approve": "Duyệt",
        "cancel": "Hủy",
        "approved": "Đã duyệt {id}. Đợt này {state}.",
        "paused": "Đã tạm dừng {id}: tin chưa rời đi sẽ không gửi. Gửi tiếp: /phattin tiep {id}",
        "resumed": "{id} {state}.",
        "cancelled": "Đã hủy {id}: tin chưa rời đi sẽ không gửi nữa.",
        "no_right": "Tài khoản của Ông/Bà không có quyền làm việc này.",
        "wrong_code": "Mã xác nhận không đúng hoặc đã hết hạn. Xin làm lại từ đầu.",
        "ask_agency": "Phát tin cho người dân của cơ quan nào? Xin nhắn mã cơ quan, ví dụ {agency}.",
        "ask_province": "Phát cho cả tỉnh thì xin nhắn TINH.",
        "ask_audience": "Gửi cho ai? Xin nhắn 1: mọi hồ sơ đang giải quyết · 2: hồ sơ trễ hẹn · 3: hồ sơ trong hạn · "
        "4: hồ sơ đã có kết quả, chưa nhận.",
        "ask_text": "Xin nhắn lời tin (có thể dùng {{{{ code }}}}, {{{{ procedure }}}}, {{{{ appointment }}}}).",
        "tried": "Đợt {id}: {count}. Tin thử đang tới cuộc trò chuyện này. Nếu đúng ý, xin nhắn GUI để "
        "trình; nhắn HUY để bỏ.",
        "submitted": "Đã trình {id}. Đợt này {state}.",
        "dropped": "Đã bỏ đợt đang soạn.",
        "errors": "Lời tin chưa dùng được:",
        "again": "Xin nhắn lời khác, hoặc HUY để bỏ.",
    },
    "en": {
        "none": "No broadcast waits for approval or is being sent.",
        "waiting": "Waiting for approval, or being sent:",
        "help": "Write: /phattin NUMBER to see one · /phattin duyet NUMBER (approve) · /phattin dung NUMBER (pause) · "
        "/phattin tiep NUMBER (go on) · /phattin huy NUMBER (cancel) · /phattin moi (begin one).",
        "people": "{people} people, {parts} SMS parts, {cost} đồng",
        "sure": "{what} {id}: {people} people, {cost} đồng. To be sure, write again:\n/phattin {verb} {id} {code}",
        "approve": "Approve",
        "cancel": "Cancel",
        "approved": "{id} is approved. It is {state}.",
        "paused": "{id} is paused: what has not left does not leave. To go on: /phattin tiep {id}",
        "resumed": "{id}: {state}.",
        "cancelled": "{id} is cancelled: what has not left never will.",
        "no_right": "Your account has no right to do that.",
        "wrong_code": "That code is wrong or too old. Please begin again.",
        "ask_agency": "For the citizens of which agency? Please write its code, such as {agency}.",
        "ask_province": "Write TINH for the whole province.",
        "ask_audience": "To whom? Write 1: all dossiers in work · 2: late ones · 3: those in time · "
        "4: those whose result is ready.",
        "ask_text": "Please write the text (it may use {{{{ code }}}}, {{{{ procedure }}}}, {{{{ appointment }}}}).",
        "tried": "{id}: {count}. A test is on its way to this chat. If it is right, write GUI to submit it; "
        "HUY to drop it.",
        "submitted": "{id} is submitted. It is {state}.",
        "dropped": "The draft was dropped.",
        "errors": "The text cannot be used yet:",
        "again": "Please write another one, or HUY to drop it.",
    },
}


def refused(refusal: Refusal, language: str) -> str:
    """The sentence of a refusal."""
    values = {name: _shown(value) for name, value in refusal.values.items()}
    if state := refusal.values.get("state"):
        values["state"] = STATES[language][state]
    return REFUSED[language][refusal.word].format(**values)


def counted(broadcast: Broadcast, language: str) -> str:
    """How many people, parts and đồng."""
    count = broadcast.count
    parts, cost = (sum(each.parts for each in count.shares if each.channel == "sms"), count.cost) if count else (0, 0)
    return SAID[language]["people"].format(people=number(broadcast.people), parts=number(parts), cost=number(cost))


def line(broadcast: Broadcast, language: str) -> str:
    """One of a list."""
    at = f" · {show_moment(broadcast.starts_at)}" if broadcast.starts_at else ""
    return (
        f"{broadcast.id} “{broadcast.title}”: {STATES[language][broadcast.state]}, {counted(broadcast, language)}{at}"
    )


def number(value: int) -> str:
    """1.204"""
    return f"{value:,}".replace(",", ".")


def _shown(value: object) -> str:
    return number(value) if isinstance(value, int) else str(value)
