"""The settings of the API for other software of the office."""

from pydantic import Field

from bot.settings import Settings


class ApiSettings(Settings):
    """`[api]`: what serves `/api/v1`, and how receipts are called back."""

    enabled: bool = Field(True, description="serve the API under /api/v1/ and send what was planned with test keys")
    per_minute: int = Field(600, ge=1, description="requests that one key may make in a minute")
    body_bytes: int = Field(256 * 1024, ge=1024, description="bytes that a request's body may have")
    broadcast_bytes: int = Field(8 * 1024 * 1024, ge=1024, description="the same of a broadcast with its recipients")
    broadcast_people: int = Field(10_000, ge=1, le=100_000, description="recipients in one call")
    idempotency_hours: float = Field(24.0, gt=0, description="hours for which an Idempotency-Key is remembered")
    callback_hours: float = Field(24.0, gt=0, description="hours for which a callback is tried")
    callback_timeout: float = Field(10.0, gt=0, description="seconds to wait for the answer to a callback")
    callback_ports: tuple[int, ...] = Field((443, 8443), description="ports that callbacks may go to")
    callback_private: bool = Field(
        False, description="callbacks may go to this machine and private networks, and without TLS; for trials only"
    )
