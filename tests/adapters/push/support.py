"""A one-stop software that calls a push source, and an office that remembers what was accepted."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pydantic import SecretStr

from adapters.sources.push import PushSource, Settings
from bot.model.dossier import Dossier, ProgressReport
from bot.model.errors import StorageError
from bot.ports import Applied, Batch, PushAnswer, Quarantined, WebhookRequest
from tests.support.making import Time

KEY = "a key of the office, long enough"
SIGNING_KEY = "a signing key of the office"
PASSWORD = "mật khẩu của phần mềm một cửa"
GOOD = {
    "MaHoSo": "H56.14-261122-0001",
    "MaTTHC": "1.005129",
    "TenTTHC": "Đăng ký khai sinh",
    "ChuHoSo": "Nguyễn Thị Ánh",
    "SoDienThoai": "0912345678",
    "NgayTiepNhan": "20261122081500",
    "NgayHenTra": "20261125170000",
    "TrangThaiHoSo": "4",
}


def code(number: int) -> str:
    return f"H56.14-261122-{number:04}"


def record(number: int = 1, **changes: Any) -> dict[str, Any]:
    return GOOD | {"MaHoSo": code(number)} | changes


@dataclass
class Office:
    """What `accept` gets. Remembers every batch, and answers as a mirror would where a test says so."""

    batches: list[Batch] = field(default_factory=list)
    applied: Applied = field(default_factory=Applied)
    is_broken: bool = False

    async def accept(self, batch: Batch) -> Applied:
        if self.is_broken:
            raise StorageError("đĩa đầy / the disk is full")
        self.batches.append(batch)
        return self.applied

    @property
    def dossiers(self) -> list[Dossier]:
        return [dossier for batch in self.batches for dossier in batch.dossiers]

    @property
    def reports(self) -> list[ProgressReport]:
        return [report for batch in self.batches for report in batch.reports]

    @property
    def quarantined(self) -> list[Quarantined]:
        return [row for batch in self.batches for row in batch.quarantined]


@dataclass
class Call:
    """An answer, taken apart."""

    answer: PushAnswer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def json(self) -> dict[str, Any]:
        value = json.loads(self.answer.body)
        assert isinstance(value, dict)
        return value

    @property
    def verdict(self) -> tuple[int, object]:
        return self.status, self.json.get("error_code", self.json.get("error"))


@dataclass
class Software:
    """The vendor's software, with a source to call."""

    push: PushSource
    office: Any
    """What has `accept`: mostly an `Office`."""
    time: Time
    headers: Mapping[str, str] = field(default_factory=lambda: {"x-api-key": KEY})

    async def send(self, path: str, value: object, *, headers: Mapping[str, str] | None = None, **query: str) -> Call:
        """`value` as JSON; bytes go as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        request = WebhookRequest(
            method="POST", path=path, query=query, headers=self.headers if headers is None else headers, body=body
        )
        return Call(await self.push.receive(request, self.office.accept))

    async def session(self) -> str:
        session = (await self.send("auth", {"username": "vnpt", "password": PASSWORD}, headers={})).json["session"]
        assert isinstance(session, str)
        return session


def settings(**changes: Any) -> Settings:
    return Settings.model_validate({"keys": [SecretStr(KEY)], "users": {"vnpt": SecretStr(PASSWORD)}} | changes)


def software(**changes: Any) -> Software:
    time = Time()
    return Software(PushSource("office", settings(**changes), clock=time), Office(), time)


def signed(body: bytes, time: Time, *, key: str = SIGNING_KEY, late: float = 0) -> dict[str, str]:
    """The headers of a caller whose clock is `late` seconds behind."""
    timestamp = str(int(time.now.timestamp() - late))
    signature = hmac.new(key.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return {"x-timestamp": timestamp, "x-signature": f"sha256={signature}"}
