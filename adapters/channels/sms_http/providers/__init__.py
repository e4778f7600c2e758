"""The word after `provider =` in config.toml → the provider. An explicit table, so that a reader sees all there is."""

from collections.abc import Mapping
from typing import Any

from adapters.channels.sms_http.provider import Provider
from adapters.channels.sms_http.providers.esms import Esms
from adapters.channels.sms_http.providers.fpt import Fpt
from adapters.channels.sms_http.providers.generic import Generic
from adapters.channels.sms_http.providers.speedsms import SpeedSms
from adapters.channels.sms_http.providers.stringee import Stringee
from adapters.channels.sms_http.providers.vietguys import VietGuys
from adapters.channels.sms_http.providers.viettel import Viettel
from adapters.channels.sms_http.providers.vnpt import Vnpt

PROVIDERS: Mapping[str, type[Provider[Any]]] = {
    "esms": Esms,
    "fpt": Fpt,
    "generic": Generic,
    "speedsms": SpeedSms,
    "stringee": Stringee,
    "vietguys": VietGuys,
    "viettel": Viettel,
    "vnpt": Vnpt,
}
