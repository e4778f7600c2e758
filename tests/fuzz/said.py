"""What people type: codes, phones, words to the bot, commands and links, names and addresses of staff."""

from functools import cache

from adapters.channels.email.letter import subject_of
from adapters.channels.email.settings import is_mailbox
from adapters.channels.telegram.commands import read_start, spoken
from adapters.channels.telegram.deep_links import decode
from adapters.channels.telegram.markup import html_of
from bot.conversation.factors import factor_in
from bot.conversation.features import INTENTS
from bot.conversation.understanding import understand
from bot.model.code import canonical, read_around, read_codes, same_unit_forms
from bot.model.phone import parse_phone
from bot.model.sms import encode_part, segment
from bot.phattin_asking import is_order
from bot.ports import ConversationState
from bot.staff_fields import is_agency, is_email, is_login, read_name
from bot.web.asking import Asked, asked_of, cleaned
from bot.web.errors import RefusedError
from bot.web.pages import whole_codes
from bot.web.talk import language_of_text
from tests.fuzz.parser import Parser, fit_to_be_kept, text_of

_CODE = b"H56.14-240823-0001"
_WORDS = (
    _CODE, b"H56.14-240823", b"000.17.22.H56-210531-0001", b"HS ", "hồ sơ ".encode(), b"0912345678", b"+84", b"(0",
    b" .-",
    b"-", b".", b"\xe2\x80\x91", b"O", b"I", b"l", "Đ".encode(), b"\xcc\x81", b"\xef\xb7\xba", b"\xef\xbc\x90", b"\0",
    b"\r\n",
    b"\xed\xa0\x80", b"\xe2\x80\xae", b"{{7*7}}", b"<script>", b"dung", b"\xc5\x89",
)  # fmt: skip
_PUMPS = (
    (b"H56", b".1", b"x"), (b"H56.14", b" ", b"-240823-0001"), (b"", b"H56.14-", b""), (b"", b"0 ", b"x"),
    (b"", b"(0", b"!"), (b"HS ", b"H", b"-"), (b"", "ồ".encode(), b"!"), (b"", b"\xef\xb7\xba", b"1"), (b"/", b"a",
        b" "),
)  # fmt: skip


def _code(raw: bytes) -> None:
    text = text_of(raw)
    for found in read_codes(text):
        # What was repaired is asked about before anything is done with it.
        assert found.repaired or found.kind != "dossier" or canonical(found.code) == found.code
        assert len(found.code) <= 60
    read_around(text)
    if code := canonical(text):
        assert canonical(code) == code
        assert all(canonical(each) == each for each in same_unit_forms(code))


def _phone(raw: bytes) -> None:
    phone = parse_phone(text_of(raw))
    if phone is None:
        return
    assert phone.e164[0] == "+"
    assert phone.e164[1:].isascii()
    assert phone.e164[1:].isdecimal()
    assert parse_phone(phone.e164) == phone


@cache
def _states() -> tuple[ConversationState, ...]:
    waits = ("", "confirm", "feedback.name")
    options = ("theo doi", "0912345678", "2")
    return tuple(ConversationState(dialogue=each, options=options, about=_CODE.decode()) for each in waits)


def _understanding(raw: bytes) -> None:
    text = text_of(raw)
    for state in _states():
        assert understand(text, state).name in INTENTS
    factor_in(text)
    is_order(text)


def _visitor(raw: bytes) -> None:
    """The form of the public page: what is typed, and a second factor behind a line end."""
    typed, _, factor = text_of(raw).partition("\x1e")
    fields = {"text": typed, "factor": factor, "id": "0123456789abcdef"}
    try:
        asked = asked_of(fields, takes_factor=True)
    except RefusedError:
        return
    assert isinstance(asked, Asked)
    for part in (asked.text, asked.shown, asked.typed, asked.factor):
        fit_to_be_kept(part)
    assert cleaned(asked.typed) == asked.typed
    assert not asked.factor or asked.factor not in asked.shown.replace(asked.typed, "")


def _start(raw: bytes) -> None:
    text = text_of(raw)
    payload = read_start(text)
    if payload is not None:
        understand(decode(payload), ConversationState())
    understand(spoken(text), ConversationState())


def _staff_field(raw: bytes) -> None:
    text = text_of(raw)
    if is_email(text) or is_login(text) or is_agency(text):
        assert text.isascii()
        assert text.isprintable()
    name = read_name(text)
    assert read_name(name) == name
    fit_to_be_kept(name)
    if is_mailbox(text):
        assert text.isprintable()
    subject = subject_of(text, "")
    assert "\n" not in subject
    assert "\r" not in subject


def _shown(raw: bytes) -> None:
    """Texts as pages, chats and SMS show them: what was typed is never markup."""
    text = text_of(raw).encode("utf-8", "ignore").decode()
    for written in (html_of(text), str(whole_codes(text))):
        bare = written
        for own in ("<code>", "</code>", '<span class="code">', "</span>"):
            bare = bare.replace(own, "")
        assert "<" not in bare
        assert ">" not in bare
    language_of_text(text)
    cut = segment(text)
    assert "".join(cut.parts) == cut.text
    for part in cut.parts:
        assert len(encode_part(part, cut.encoding)) <= (160 if cut.encoding == "GSM-7" else 140)


PARSERS = (
    Parser(name="code", read=_code, words=_WORDS, pumps=_PUMPS),
    Parser(name="phone", read=_phone, words=_WORDS, pumps=_PUMPS),
    Parser(name="understanding", read=_understanding, words=_WORDS, pumps=_PUMPS, most=8_192),
    Parser(name="visitor", read=_visitor, words=(*_WORDS, b"\x1e", b"4321"), pumps=_PUMPS),
    Parser(
        name="start", read=_start, words=(*_WORDS, b"/start ", b"/theodoi@bot ", b"H56_14-240823-0001"), pumps=_PUMPS
    ),
    Parser(name="staff_field", read=_staff_field, words=(*_WORDS, b"@", b"lan@h32.vn", b"a.a-", b"\x85"), most=2_000),
    Parser(name="shown", read=_shown, words=(*_WORDS, b"&lt;", b"</code>", b"]]>"), pumps=_PUMPS),
)
