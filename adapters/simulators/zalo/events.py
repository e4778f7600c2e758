"""The events that Zalo tells: shaped, signed as it signs them, and told again while they are not acknowledged."""

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any

from adapters.simulators.handset.calls import Calls, Letter
from adapters.simulators.handset.journal import Journal
from adapters.simulators.zalo.settings import Settings

_PAUSES = (30.0, 300.0, 900.0, 1800.0, 3600.0)


class Events:
    """Tells one customer."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._settings = settings
        pauses = [pause * settings.repeat_scale for pause in _PAUSES]
        self._calls = Calls(journal, patience=settings.webhook_patience, pauses=pauses)

    async def tell(self, event: dict[str, Any], *, headers: dict[str, str] | None = None, signed: bool = True) -> bool:
        """Whether it was acknowledged at the first time. `app_id` and `timestamp` are filled in where missing; without
        `signed` the signature is wrong."""
        if not self._settings.webhook_url:
            return False
        whole = {"app_id": self._settings.app_id, "timestamp": str(int(time.time() * 1000)), **event}

        def written(number: int) -> Letter:
            told = {**whole, "num_retry": str(number)} if number else whole
            body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
            mac = self.mac(body, str(whole["timestamp"])) if signed else "0" * 64
            ours = {"Content-Type": "application/json", "X-ZEvent-Signature": f"mac={mac}"}
            return Letter(body, {**ours, **(headers or {})})

        return await self._calls.make(self._settings.webhook_url, str(whole.get("event_name", "")), written)

    def mac(self, body: bytes, timestamp: str) -> str:
        """Plain SHA-256 of app id, body, timestamp and the OA's secret."""
        settings = self._settings
        signed = settings.app_id.encode() + body + timestamp.encode() + settings.oa_secret.encode()
        return hashlib.sha256(signed).hexdigest()

    def by_user(self, name: str, user_id: str, by_app: str, **more: object) -> dict[str, Any]:
        """An event that a user causes in the talk with the OA."""
        return {
            "sender": {"id": user_id},
            "recipient": {"id": self._settings.oa_id},
            "user_id_by_app": by_app,
            "event_name": name,
            **more,
        }

    def by_follower(self, name: str, user_id: str, by_app: str) -> dict[str, Any]:
        """`follow` and `unfollow`."""
        return {
            "oa_id": self._settings.oa_id,
            "follower": {"id": user_id},
            "user_id_by_app": by_app,
            "event_name": name,
            "source": "oa_profile",
        }

    def received(self, recipient: str, message_id: str, *, at: str, tracking_id: str) -> dict[str, Any]:
        """`user_received_message`. Messages by phone come back with our `tracking_id`, others without any."""
        message = {"delivery_time": at, "msg_id": message_id}
        return {
            "event_name": "user_received_message",
            "sender": {"id": self._settings.oa_id},
            "recipient": {"id": recipient},
            "message": {**message, "tracking_id": tracking_id} if tracking_id else message,
        }

    def seen(self, user_id: str, by_app: str, message_ids: Sequence[str]) -> dict[str, Any]:
        """`user_seen_message`: she has opened the talk, and with it all of these."""
        return self.by_user("user_seen_message", user_id, by_app, message={"msg_ids": list(message_ids)})

    async def close(self) -> None:
        await self._calls.close()
