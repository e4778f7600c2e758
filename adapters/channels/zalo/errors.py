"""What Zalo's error numbers mean for a message. Zalo answers them with HTTP 200.

Source: the appendices of error codes of the Official Account API and of ZBS Template Message, as of August 2026.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple


class Class(Enum):
    """What is to be done about an error; `verdicts.outcome_of` does it."""

    TOKEN = auto()
    """The access token has ended: it is renewed once, and the request made once more."""
    THROTTLED = auto()
    """Too many requests this minute."""
    TRANSIENT = auto()
    """Not done; it may be tried again."""
    NIGHT = auto()
    """Not between 22:00 and 06:00."""
    DAY = auto()
    """A limit for today is reached."""
    SILENT = auto()
    """The citizen has not been heard of for seven days: no free text, only a registered template."""
    PERSON = auto()
    """This citizen cannot be reached by Zalo."""
    REFUSED = auto()
    """This citizen wants no such message from us."""
    CONTENT = auto()
    """This message, or its template, will never work."""
    SERVICE = auto()
    """Template messages do not work for this account until somebody acts; free text goes on."""
    ACCOUNT = auto()
    """Nothing works until somebody acts."""


class Meaning(NamedTuple):
    kind: Class
    words: str
    """For logs and reasons; for what an operator must act on in Vietnamese first."""


ERRORS: Mapping[int, Meaning] = {
    -216: Meaning(Class.TOKEN, "the access token is invalid"),
    -220: Meaning(Class.TOKEN, "the access token is expired"),
    -124: Meaning(Class.TOKEN, "the access token is invalid"),
    -32: Meaning(Class.THROTTLED, "too many requests this minute"),
    -100: Meaning(Class.TRANSIENT, "unknown error, or an attachment that has expired"),
    -200: Meaning(Class.TRANSIENT, "sending failed"),
    -211: Meaning(Class.TRANSIENT, "out of quota"),
    -133: Meaning(Class.NIGHT, "not at night"),
    -234: Meaning(Class.NIGHT, "not at night"),
    -144: Meaning(Class.DAY, "the account's messages of today are used up"),
    -147: Meaning(Class.DAY, "the template's messages of today are used up"),
    -1471: Meaning(Class.DAY, "this user's messages of the month are used up"),
    -1472: Meaning(Class.DAY, "this user's messages of today are used up"),
    -230: Meaning(Class.SILENT, "the user has not been heard of for 7 days"),
    -232: Meaning(Class.SILENT, "the user was never heard of, or too long ago"),
    -118: Meaning(Class.PERSON, "no Zalo account has this number"),
    -110: Meaning(Class.PERSON, "the user's Zalo is too old"),
    -114: Meaning(Class.PERSON, "the user cannot get it: inactive, opted out or an old Zalo"),
    -119: Meaning(Class.PERSON, "the account cannot get messages"),
    -213: Meaning(Class.PERSON, "the user does not follow the account"),
    -217: Meaning(Class.PERSON, "error -217"),
    -218: Meaning(Class.PERSON, "error -218"),
    -227: Meaning(Class.PERSON, "the user is banned, or away for 45 days"),
    -139: Meaning(Class.REFUSED, "the user refused this kind of message"),
    -140: Meaning(Class.REFUSED, "the user gets no such messages"),
    -141: Meaning(Class.REFUSED, "the user refused messages from this account"),
    -244: Meaning(Class.REFUSED, "the user has restricted this kind of message"),
    -108: Meaning(Class.CONTENT, "the phone number is invalid"),
    -109: Meaning(Class.CONTENT, "the template's id is invalid"),
    -111: Meaning(Class.CONTENT, "the template's values are empty"),
    -112: Meaning(Class.CONTENT, "a template's value has no type"),
    -1121: Meaning(Class.CONTENT, "a template's value is too long"),
    -1122: Meaning(Class.CONTENT, "a template's value is missing"),
    -1124: Meaning(Class.CONTENT, "a template's value has the wrong form"),
    -116: Meaning(Class.CONTENT, "a text or a value is invalid"),
    -117: Meaning(Class.CONTENT, "the app may not use this template"),
    -127: Meaning(Class.CONTENT, "a trial goes to administrators only"),
    -131: Meaning(Class.CONTENT, "the template is not approved"),
    -132: Meaning(Class.CONTENT, "a value is invalid"),
    -145: Meaning(Class.CONTENT, "the account may not send this kind of template"),
    -146: Meaning(Class.CONTENT, "the template is disabled: too many complaints"),
    -201: Meaning(Class.CONTENT, "a value of the request is invalid"),
    -210: Meaning(Class.CONTENT, "a value of the request is too large"),
    -233: Meaning(Class.CONTENT, "the kind of message is not supported"),
    -248: Meaning(Class.CONTENT, "it breaks the platform's rules"),
    -249: Meaning(Class.CONTENT, "the template cannot be sent by user id"),
    -115: Meaning(Class.SERVICE, "hết tiền gửi tin ZBS, xin nạp thêm / no money is left for template messages"),
    -126: Meaning(Class.SERVICE, "hết tiền gửi thử ZBS / the wallet for trials is empty"),
    -135: Meaning(Class.SERVICE, "OA chưa được gửi ZBS: cần xác thực và gói trả phí / verification and a plan needed"),
    -1351: Meaning(Class.SERVICE, "Zalo đã chặn OA gửi ZBS vì vi phạm / the account is barred from templates"),
    -136: Meaning(Class.SERVICE, "OA chưa nối Zalo Cloud Account / connect a Zalo Cloud Account"),
    -137: Meaning(Class.SERVICE, "Zalo Cloud Account không trừ được tiền / the Cloud Account cannot be charged"),
    -138: Meaning(Class.SERVICE, "ứng dụng chưa có quyền gửi ZBS / the app lacks the right to templates"),
    -1381: Meaning(Class.SERVICE, "OA chưa cho ứng dụng dùng ZCA / the account has not granted the Cloud Account"),
    -120: Meaning(Class.SERVICE, "OA chưa có quyền này / the account lacks this right"),
    -320: Meaning(Class.SERVICE, "ứng dụng chưa nối Zalo Cloud Account / connect a Zalo Cloud Account"),
    -321: Meaning(Class.SERVICE, "Zalo Cloud Account hết tiền / the Cloud Account is out of money"),
    -101: Meaning(Class.ACCOUNT, "sai app_id / the app's id is invalid"),
    -102: Meaning(Class.ACCOUNT, "không có ứng dụng này / there is no such app"),
    -103: Meaning(Class.ACCOUNT, "ứng dụng chưa được kích hoạt / activate the app"),
    -104: Meaning(Class.ACCOUNT, "sai app_secret / the app's secret key is wrong"),
    -105: Meaning(Class.ACCOUNT, "ứng dụng chưa liên kết OA / link the app with the account"),
    -125: Meaning(Class.ACCOUNT, "sai Official Account / the account's id is invalid"),
    -204: Meaning(Class.ACCOUNT, "OA đã bị xóa / the account is deleted"),
    -205: Meaning(Class.ACCOUNT, "không có OA này / there is no such account"),
    -209: Meaning(Class.ACCOUNT, "ứng dụng chưa được kích hoạt / activate the app"),
    -212: Meaning(Class.ACCOUNT, "ứng dụng chưa đăng ký API này / register the app for this API"),
    -219: Meaning(Class.ACCOUNT, "ứng dụng bị gỡ hoặc bị khóa / the app is removed or disabled"),
    -221: Meaning(Class.ACCOUNT, "OA chưa được xác thực / verify the account"),
    -223: Meaning(Class.ACCOUNT, "OA chưa cấp quyền này, xin cấp quyền lại / the account must consent again"),
    -224: Meaning(Class.ACCOUNT, "OA cần nâng gói dịch vụ / the account needs a larger plan"),
    -235: Meaning(Class.ACCOUNT, "API không dành cho loại OA này / not for this kind of account"),
    -240: Meaning(Class.ACCOUNT, "API cũ đã ngừng, xin nâng cấp motcua-bot / this API was shut down"),
    -242: Meaning(Class.ACCOUNT, "ứng dụng đòi appsecret_proof, xin tắt / switch appsecret_proof off in the app"),
}  # fmt: skip


def meaning_of(code: int) -> Meaning:
    """A number that no table has is a clear no all the same."""
    return ERRORS.get(code, Meaning(Class.CONTENT, f"error {code}"))
