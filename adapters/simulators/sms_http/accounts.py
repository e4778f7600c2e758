"""The accounts that the simulated providers know: made up, for tests and demonstrations."""

from collections.abc import Mapping

ACCOUNTS: Mapping[str, Mapping[str, str]] = {
    "jasmin": {"username": "motcua", "password": "jasmin-t3st-pw"},
    "kannel": {"username": "motcua", "password": "kannel-t3st-pw"},
    "stringee": {
        "api_key_sid": "SK.0.motcua",
        "api_key_secret": "stringee-t3st-key",
        "brandnames": "MOTCUA,SOTNMT",
        "template 5689": "Ho so {1} da co ket qua, moi nhan tai {2}.",
    },
    "viettel": {
        "User": "smsbrand_motcua",
        "Password": "viettel-t3st-pw",
        "CPCode": "MOTCUA",
        "brandnames": "MOTCUA,SOTNMT",
    },
    "vnpt": {
        "AGENTID": "349",
        "APIUSER": "motcua",
        "APIPASS": "vnpt-t3st-pw",
        "USERNAME": "MOTCUA_CS",
        "CONTRACTID": "10320",
        "LABELID": "132043",
        "brandname": "MOTCUA",
        "template 560861": "Ho so {1} da co ket qua, moi nhan tai {2}.",
        "template 560862": "{1}",
    },
    "esms": {
        "ApiKey": "esms-t3st-api-key",
        "SecretKey": "esms-t3st-secret-key",
        "cpid": "motcua",
        "PrivateKey": "esms-t3st-private-key",
    },
    "fpt": {"client_id": "motcua", "client_secret": "fpt-t3st-client-secret"},
    "speedsms": {"access_token": "speedsms-t3st-token"},
    "vietguys": {"u": "motcua", "pwd": "vietguys-t3st-pw"},
}
"""By provider, then by that provider's own words for the parts of an account."""
