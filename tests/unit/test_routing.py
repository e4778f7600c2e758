"""Which route speaks for an agency, where its messages wait, and what a wrong configuration is told."""

from typing import Any

import pytest

from bot.gateway_settings import RouteSettings
from bot.model.errors import ConfigError
from bot.routing import Routes

VIETTEL, MOBIFONE = "+84961234567", "+84901234567"


def routes(**tables: dict[str, Any]) -> Routes:
    settings = {name.replace("_", "-"): RouteSettings.model_validate(table) for name, table in tables.items()}
    return Routes(settings, sms=["esms", "viettel", "vnpt"], others=["telegram"])


PROVINCE = routes(
    default={"gateways": {"esms": 100}},
    so_xay_dung={"agencies": ["H32.10"], "sender": "SXD-KH", "gateways": {"viettel": 70, "vnpt": 30}},
    phuong={"agencies": ["H32.10.02"], "gateways": {"vnpt": {"sender": "PHUONG-VNPT"}}},
)


@pytest.mark.parametrize(
    ("agency", "route"),
    [
        ("H32.10", "so-xay-dung"),
        ("H32.10.01", "so-xay-dung"),
        ("H32.10.02", "phuong"),
        ("H32.10.02.07", "phuong"),
        ("H32.100", "default"),
        ("H32", "default"),
        ("", "default"),
    ],
)
def test_an_agency_goes_by_its_own_route_or_that_of_the_nearest_one_above(agency: str, route: str) -> None:
    found = PROVINCE.of(agency)

    assert found is not None
    assert found.name == route
    assert PROVINCE.place(agency, VIETTEL) == (route, route)


def test_the_sender_is_the_gateways_own_name_for_the_route_then_the_routes() -> None:
    assert PROVINCE.sender("so-xay-dung", "viettel") == "SXD-KH"
    assert PROVINCE.sender("phuong", "vnpt") == "PHUONG-VNPT"
    assert PROVINCE.sender("default", "esms") == ""
    assert PROVINCE.sender("gone", "esms") == ""


def test_without_routes_everything_waits_in_the_first_channel_that_reaches_phones() -> None:
    plain = routes()

    assert plain.of("H32.10") is None
    assert plain.place("H32.10", VIETTEL) == ("", "esms")
    assert plain.queues() == {}


def test_a_number_goes_by_the_gateways_of_its_carrier() -> None:
    by_carrier = routes(default={"gateways": {"viettel": {"carriers": ["viettel"]}, "esms": 10, "vnpt": 20}})

    assert by_carrier.by_carrier
    assert by_carrier.place("", VIETTEL) == ("default", "default@viettel")
    assert set(by_carrier.queues()["default@viettel"]) == {"viettel", "esms", "vnpt"}
    assert set(by_carrier.queues()["default@mobifone"]) == {"esms", "vnpt"}
    assert set(by_carrier.queues()["default"]) == {"esms", "vnpt"}, "nothing is known of the carrier"


def test_what_a_receipt_said_goes_before_the_prefix() -> None:
    by_carrier = routes(default={"gateways": {"viettel": {"carriers": ["viettel"]}, "esms": 10}})

    assert by_carrier.place("", VIETTEL, "mobifone") == ("default", "default@mobifone")


def test_a_number_whose_carrier_no_gateway_serves_goes_by_all_of_them() -> None:
    narrow = routes(default={"gateways": {"viettel": {"carriers": ["viettel"]}}})

    assert set(narrow.queues()["default@mobifone"]) == {"viettel"}


def test_what_waits_in_a_queue_that_is_no_longer_goes_to_its_route_or_to_the_default() -> None:
    assert PROVINCE.heir("so-xay-dung@viettel") == "so-xay-dung"
    assert PROVINCE.heir("gone@viettel") == "default"
    assert routes().heir("gone") == "esms"


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"so": {"gateways": {"esms": 1}}}, "[routes.default] is missing"),
        ({"default": {"gateways": {"esmss": 1}}}, "did you mean: esms?"),
        ({"default": {"gateways": {"telegram": 1}}}, "there is no such SMS channel"),
        ({"default": {"gateways": {"esms": 1}, "agencies": ["H32"]}}, "the default is for all agencies"),
        (
            {
                "default": {"gateways": {"esms": 1}},
                "a": {"gateways": {"esms": 1}, "agencies": ["H32"]},
                "b": {"gateways": {"esms": 1}, "agencies": ["H32"]},
            },
            "H32 đã thuộc / already belongs to [routes.a]",
        ),
        ({"default": {"gateways": {"esms": 1}}, "esms": {"gateways": {"esms": 1}}}, "a channel has the same name"),
    ],
)
def test_a_route_that_leads_nowhere_is_told_to_whoever_configures(tables: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        routes(**tables)

    assert told in str(error.value)
