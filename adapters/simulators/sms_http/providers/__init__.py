"""The providers that the simulator stands in for. An explicit list, so that a reader sees all there are."""

from collections.abc import Sequence

from adapters.simulators.sms_http.counter import Stand
from adapters.simulators.sms_http.providers.esms import ESMS
from adapters.simulators.sms_http.providers.fpt import FPT
from adapters.simulators.sms_http.providers.generic import JASMIN, KANNEL
from adapters.simulators.sms_http.providers.speedsms import SPEEDSMS
from adapters.simulators.sms_http.providers.stringee import STRINGEE
from adapters.simulators.sms_http.providers.vietguys import VIETGUYS
from adapters.simulators.sms_http.providers.viettel import VIETTEL
from adapters.simulators.sms_http.providers.vnpt import VNPT

STANDS: Sequence[Stand] = (
    ESMS,
    FPT,
    JASMIN,
    KANNEL,
    SPEEDSMS,
    STRINGEE,
    VIETGUYS,
    VIETTEL,
    VNPT,
)
