"""The ZBS templates that the simulated Zalo has approved, and its check of what is filled in."""

import re
from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

from adapters.simulators.zalo.errors import Refusal

LONGEST: Mapping[str, int] = {
    "name": 30, "code": 30, "status": 30, "label": 30, "date": 20, "amount": 20, "contact": 50, "otp": 10,
    "address": 200, "url": 200,
}  # fmt: skip
"""Most characters of a parameter by its kind, counted in NFC."""
_FORMATS: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(r"(\d{2}:\d{2}(:\d{2})? )?\d{2}/\d{2}/\d{4}( \d{2}:\d{2}(:\d{2})?)?"),
    "amount": re.compile(r"\d+([.,]\d+)*"),
    "otp": re.compile(r"[0-9A-Za-z]+"),
    "url": re.compile(r"https?://\S+"),
}

ORDINARY: Mapping[str, Mapping[str, str]] = {
    "100001": {"ma_ho_so": "code", "trang_thai": "status"},
    "100002": {"ten": "name", "ma_ho_so": "code", "trang_thai": "status", "ngay_hen": "date"},
    "100003": {"ma_ho_so": "code", "ngay_hen_moi": "date", "ly_do": "address"},
    "100004": {"ma_ho_so": "code", "noi_tra": "address"},
    "100005": {"otp": "otp"},
}
"""The kind of each parameter, by template and name."""
UNAPPROVED = "100099"
"""A template that exists and waits for approval."""


class Templates:
    """Those of one Official Account."""

    def __init__(self, more: Mapping[str, Mapping[str, str]]) -> None:
        self._known = {**ORDINARY, **more}

    def add(self, template: str, kinds: Mapping[str, str]) -> None:
        self._known[template] = kinds

    def checked(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The values of a message's `template_data`. Raises `Refusal` as Zalo refuses: -131 for a template that is
        not known or not approved, -1122 for a missing parameter, -1121 for a long, -1124 for a misshapen one."""
        kinds, values = self._known.get(str(given.get("template_id", ""))), given.get("template_data")
        if kinds is None:
            raise Refusal(-131)
        if not isinstance(values, dict):
            raise Refusal(-112)
        return {name: _checked(name, kind, values) for name, kind in kinds.items()}

    def described(self, template: str) -> dict[str, Any]:
        """The answer of `/message/template/info/v2`. Raises `Refusal`."""
        if template == UNAPPROVED:
            return self._entry(template, "PENDING_REVIEW", {})
        if template not in self._known:
            raise Refusal(-131)
        return self._entry(template, "ENABLE", self._known[template])

    def listed(self) -> list[dict[str, Any]]:
        """The answer of `/message/template/all`."""
        return [
            {name: self.described(each)[name] for name in ("templateId", "templateName", "status", "templateQuality")}
            for each in (*self._known, UNAPPROVED)
        ]

    def _entry(self, template: str, status: str, kinds: Mapping[str, str]) -> dict[str, Any]:
        return {
            "templateId": template,
            "templateName": f"Mẫu {template}",
            "status": status,
            "listParams": [
                {
                    "name": name, "require": True, "type": "DATE" if kind == "date" else "STRING",
                    "maxLength": LONGEST.get(kind, 30), "minLength": 0, "acceptNull": False,
                }
                for name, kind in kinds.items()
            ],
            "templateQuality": "HIGH",
            "templateTag": "TRANSACTION",
            "price_sdt": "300",
            "price_uid": "200",
            "previewUrl": "",
        }  # fmt: skip


def _checked(name: str, kind: str, values: Mapping[str, Any]) -> str:
    value = values.get(name)
    if value is None or value == "":
        raise Refusal(-1122, name)
    text = normalize("NFC", str(value))
    if len(text) > LONGEST.get(kind, 30):
        raise Refusal(-1121, name)
    if kind in _FORMATS and not _FORMATS[kind].fullmatch(text):
        raise Refusal(-1124, name)
    return text
