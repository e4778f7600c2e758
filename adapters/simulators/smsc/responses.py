"""The responses to the submits of one link: in time or late, rightly numbered or not, and rubbish in between."""

import asyncio
import itertools
from collections.abc import Callable

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import pdu
from adapters.simulators.smsc.dialect import UNHEARD_OF
from adapters.simulators.smsc.exchange import Reply
from adapters.simulators.smsc.settings import Settings

_NOBODYS = itertools.count(0x60000000)
"""Sequence numbers that no delivery has."""
_OUT_OF_STEP = b"\xff" * 16
_ADDRESSED = b"\0\1\1" + b"84912345678\0" + b"\3\0" + b"8041\0"


class Responses:
    """`write` puts octets on the link; `waiting` counts the submits that are not answered yet."""

    def __init__(self, settings: Settings, write: Callable[[bytes], None]) -> None:
        self._settings = settings
        self._write = write
        self._tlvs = codec.encode_tlvs(UNHEARD_OF) if settings.unknown_tlvs else b""
        self._closed = False
        self.waiting = 0

    def give(self, sequence: int, reply: Reply) -> None:
        """Answers a submit in its time; not at all where its course has no status."""
        course = reply.course
        if course.status is None:
            return
        body = reply.message_id.encode() + b"\0" + self._tlvs if course.status == spec.OK else b""
        response = pdu(spec.SUBMIT_SM_RESP, sequence + course.offset, body, status=course.status)
        if course.garbage:
            response += _OUT_OF_STEP if course.garbage.fatal else garbage()
        late = self._settings.latency + course.latency
        if late:
            self.waiting += 1
            asyncio.get_running_loop().call_later(late, self._give_late, response)
        else:
            self._write(response)

    def stop(self) -> None:
        """What is not written yet never will be."""
        self._closed = True

    def _give_late(self, response: bytes) -> None:
        self.waiting -= 1
        if not self._closed:
            self._write(response)


def garbage() -> bytes:
    """A PDU that makes no sense, each time another; the stream stays in step."""
    sequence = next(_NOBODYS)
    match sequence % 7:
        case 0:
            return pdu(spec.DELIVER_SM, sequence, b"\0\1\1849")
        case 1:
            # sm_length says more than there is.
            return pdu(spec.DELIVER_SM, sequence, _ADDRESSED + b"\0\0\0\0\0\0\0\0\0\xc8Xin")
        case 2:
            # So does the length of an optional parameter.
            return pdu(spec.DELIVER_SM, sequence, _ADDRESSED + b"\4\0\0\0\0\0\0\0\0\0\x04\x27\x00\x09\x02")
        case 3:
            return pdu(spec.SUBMIT_SM_RESP, sequence)
        case 4:
            return pdu(0x00000099, sequence, b"\xff" * 40)
        case 5:
            return pdu(spec.GENERIC_NACK, 0, status=spec.INVALID_COMMAND)
        case _:
            return pdu(spec.DATA_SM, sequence, b"\0")
