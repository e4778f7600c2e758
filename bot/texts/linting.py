"""Pure: what is wrong with a text before anybody reads it on a phone.

Errors keep a text from being published. Warnings are for the eye of whoever writes it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.model.message import Situation
from bot.model.parameters import CITIZEN_VALUES, STAFF_VALUES
from bot.model.sms import nfc, unaccented
from bot.model.wording import TextKey, Wording
from bot.texts.catalogue import shipped
from bot.texts.findings import ALWAYS_THERE, Finding, Rules, Severity, Subject
from bot.texts.measuring import brought, measured
from bot.texts.reading import Reading, read
from bot.texts.syntax import refusals

__all__ = ["Finding", "Rules", "Severity", "has_errors", "lint"]

_SIGNS = "#&"
"""Not to be in brandname messages."""
_POLITE = ("Ông/Bà", "ông/bà", "Kính gửi")
_WITHOUT_ADDRESS = frozenset({Situation.TEST})
_LINK = re.compile(
    r"https?:|www\.|\bzalo\.me\b|\bbit\.ly\b|\bt\.me\b"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,8}(?:vn|com|net|org|info|biz|me|ly|io|co|cc|xyz|top|app|site|online|link|shop|club)\b",
    re.IGNORECASE,
)
_LIKE_OTP = re.compile(
    r"\botp\b|\bma xac (?:thuc|nhan)\b|\bmat khau\b|\bchuyen khoan\b|\bso tai khoan\b|\btai khoan ngan hang\b"
    r"|\bma pin\b|\bpassword\b|\bverification code\b|\bone-time code\b|\bbank (?:account|transfer)\b",
    re.IGNORECASE,
)
_VIETNAMESE = re.compile("[ăâđêôơưĂÂĐÊÔƠƯà-ãè-êìíò-õùúýÀ-ÃÈ-ÊÌÍÒ-ÕÙÚÝĩũạ-ỹẠ-Ỹ]")
_Said = Iterator[Finding]


def lint(
    key: TextKey, wording: Wording, rules: Rules | None = None, *, columns: tuple[str, ...] | None = None
) -> list[Finding]:
    """All findings on one text, errors first. `columns`: the values it may show, where they are not a dossier's."""
    found = _findings(Subject(key, wording, rules or Rules(), columns))
    return sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)


def lint_value(key: TextKey, name: str, value: str) -> list[Finding]:
    """What a value that comes from elsewhere would bring into a text and must not."""
    if not _is_suspicious(value):
        return []
    return list(_words_of_sms(Subject(key, Wording(chat="", sms=""), Rules()), name, value))


def has_errors(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _findings(subject: Subject) -> _Said:
    """What cannot be compiled cannot be tried either."""
    syntax = list(_syntax(subject))
    yield from syntax
    if syntax:
        return
    readings = {place: read(nfc(body)) for place, body in subject.wording.bodies.items()}
    yield from _names(subject, readings)
    for place, reading in readings.items():
        yield from _words(subject, place, reading)
    yield from brought(subject)
    yield from measured(subject)


# What it is written with


def _syntax(subject: Subject) -> _Said:
    for place, body in subject.wording.bodies.items():
        if not body.strip():
            yield subject.error(place, "còn trống", "is empty")
        for each in refusals(nfc(body)):
            yield subject.error(place, f"dòng {each.line}: {each.vi}", f"line {each.line}: {each.en}")


def _names(subject: Subject, readings: Mapping[str, Reading]) -> _Said:
    usual: tuple[str, ...] = STAFF_VALUES if subject.is_for_staff else CITIZEN_VALUES
    known = usual if subject.columns is None else subject.columns
    there_are = f"có: {', '.join(known)}"
    required = set(subject.wording.required)
    for place, reading in readings.items():
        for name in sorted(reading.names - set(known)):
            yield subject.error(place, f"không có giá trị “{name}” ({there_are})", f"there is no value “{name}”")
        for name in sorted(reading.unguarded & set(known) - required - ALWAYS_THERE):
            yield subject.error(
                place,
                f"“{name}” có thể trống: thêm vào required, hoặc viết {{% if {name} %}}…{{% endif %}}",
                f"“{name}” may be empty: put it into required, or guard it with an if",
            )
        for name in sorted(required & set(known) - reading.shown):
            yield subject.warning(place, f"không nêu “{name}” dù là bắt buộc", f"“{name}” is required but not shown")
    for name in sorted({*required, *subject.wording.flexible} - set(known)):
        yield subject.error("required", f"không có giá trị “{name}” ({there_are})", f"there is no value “{name}”")
    yield from _what_the_shipped_text_demands(subject)


def _what_the_shipped_text_demands(subject: Subject) -> _Said:
    before = shipped(subject.key.language).get(subject.key.situation)
    for name in before.required if before else ():
        if name not in subject.wording.required:
            yield subject.warning(
                "required", f"lời có sẵn bắt buộc có “{name}”", f"the shipped text does not go out without “{name}”"
            )


# Its words


def _words(subject: Subject, place: str, reading: Reading) -> _Said:
    body, literal = subject.wording.bodies[place], reading.literal
    if body != nfc(body):
        yield subject.warning(place, "chữ chưa ở dạng NFC, sẽ được đổi khi lưu", "is not NFC and will be made so")
    if re.search(r"[{}]", literal):
        yield subject.error(place, "có dấu { } trong lời", "has braces among its words")
    if subject.key.language == "en" and (found := _VIETNAMESE.search(literal)):
        yield subject.warning(place, f"lời tiếng Anh có chữ Việt “{found[0]}”", "Vietnamese letters in English words")
    if _misses_address(subject, literal):
        yield subject.warning(place, "không có “Kính gửi” hay “Ông/Bà”", "does not address the citizen politely")
    if place != "chat":
        yield from _words_of_sms(subject, place, literal)


def _misses_address(subject: Subject, literal: str) -> bool:
    is_for_citizens = not subject.is_for_staff and subject.key.situation not in _WITHOUT_ADDRESS
    return is_for_citizens and subject.key.language == "vi" and not any(word in literal for word in _POLITE)


def _is_suspicious(literal: str) -> bool:
    """False of nearly all, which need not be looked through for what it is."""
    has_sign = any(sign in literal for sign in _SIGNS)
    return has_sign or bool(_LINK.search(literal) or _LIKE_OTP.search(unaccented(literal)))


def _words_of_sms(subject: Subject, place: str, literal: str) -> _Said:
    """Carriers stop brandname messages for these, and citizens are warned of them as signs of fraud."""
    if found := _LINK.search(literal):
        yield subject.error(place, f"có đường dẫn “{found[0]}”", f"has a link “{found[0]}”")
    if found := _LIKE_OTP.search(unaccented(literal)):
        yield subject.error(place, f"có từ như tin lừa đảo “{found[0]}”", f"sounds like a code or fraud: “{found[0]}”")
    for sign in _SIGNS:
        if sign in literal:
            yield subject.error(place, f"có dấu {sign}, không được có trong tin brandname", f"has a {sign}")
