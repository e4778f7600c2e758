"""The error codes that Zalo answers, and the ways in which a call can end without a proper answer."""

from collections.abc import Mapping
from dataclasses import dataclass

WORDS: Mapping[int, str] = {
    -32: "Your application reach limit call api",
    -100: "Unknown error",
    -101: "Application invalid",
    -108: "Phone number invalid",
    -112: "Template data invalid",
    -114: "User is inactive, or reject the message, or using an outdated Zalo version",
    -115: "Out of quota",
    -118: "Zalo account not existed",
    -119: "Account can not receive message",
    -124: "Access token invalid",
    -125: "OA ID invalid",
    -131: "Template not approved",
    -132: "Parameter invalid",
    -133: "Message not allowed to be sent at night",
    -135: "OA do not have permission to send",
    -136: "Need to connect with ZCA to use this service",
    -137: "Payment failed",
    -139: "User has refused to receive this type of message",
    -140: "OA has not been allowed to send this type of message",
    -141: "User has refused to receive messages from this Official Account",
    -144: "OA has reached its daily limit",
    -145: "OA has no permission to send this type of message",
    -146: "Template disabled due to low quality",
    -147: "Template has reached its daily limit",
    -200: "Send message failed",
    -201: "Params is invalid",
    -204: "Official Account is deleted",
    -205: "Official Account is not exist",
    -210: "Params exceed max size",
    -209: "This API is not supported",
    -211: "Out of quota",
    -213: "User has not followed Official Account",
    -216: "Access token is invalid",
    -217: "User has blocked Official Account from inviting",
    -218: "Out of quota receive",
    -219: "Application is removed or disabled",
    -220: "Access token is expired",
    -221: "Official Account need to verify",
    -224: "Official Account is out of package",
    -227: "User is banned or has been inactive for more than 45 days",
    -230: "User has not interacted with the OA in the past 7 days",
    -232: "User has not interacted with the OA, or the latest interaction is out of the window",
    -234: "This message is not allowed to be sent at night",
    -240: "MessageV2 API has been shut down, please use MessageV3",
    -244: "User has restricted this type of message from the OA",
    -1121: "Template data invalid: a parameter is longer than allowed",
    -1122: "Template data invalid: a parameter is missing",
    -1124: "Template data invalid: a parameter is not in its format",
}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is Zalo's ordinary answer, not a failure
    """An answer with another `error` than 0."""

    code: int
    detail: str = ""

    @property
    def message(self) -> str:
        words = WORDS.get(self.code, "Unknown error")
        return f"{words}: {self.detail}" if self.detail else words


class Hangup(Exception):  # noqa: N818 - a behaviour that was asked for
    """The connection is to be closed without an answer."""


class Stumble(Exception):  # noqa: N818 - a behaviour that was asked for
    """HTTP 500 in nobody's format."""


class Garbage(Exception):  # noqa: N818 - a behaviour that was asked for
    """HTTP 200 with something that is not JSON."""
