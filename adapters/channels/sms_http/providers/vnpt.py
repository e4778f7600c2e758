"""VNPT SMS Brandname: JSON that names a registered template and the values for its places, never the text itself.

Sources: public integrations of 2018 to 2025, which agree on request and answer; the table of codes is in one of them
(2023) in VNPT's own words, and fits what the others met. VNPT hands its document out with the contract only.
Not used for want of agreement: `get_sms_status_api`, of which public code has two forms of question and of answer; for
customer care it would tell "sent" and not "delivered".
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from adapters.channels.sms_http.answers import code_of, verdict_of, wordless
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.model.message import Situation
from bot.settings import Secret

CODES: Mapping[str, Verdict] = {
    "0": Verdict.ACCEPTED,
    "-1": Verdict.TEMPORARY,  # an internal error; also for what `_SPOILS` names, and then it is for good
    "1": Verdict.CONFIG,  # API user, password, our network address, or the API's state
    "2": Verdict.CONFIG,  # SCHEDULETIME; ours is always empty
    "3": Verdict.CONFIG,  # `name` of the call
    "7": Verdict.TEMPLATE,  # unknown, or not of this label and agent
    "8": Verdict.TEMPORARY,  # not at this hour
    "9": Verdict.CONFIG,  # CONTRACTTYPEID
    "10": Verdict.CONFIG,  # USERNAME
    "11": Verdict.PERMANENT,  # length
    "12": Verdict.TEMPORARY,  # not at this hour by Vinaphone's rules
    "13": Verdict.CONFIG,  # contract
    "14": Verdict.CONFIG,  # label
    "15": Verdict.CONFIG,  # agent
    "16": Verdict.THROTTLED,
    "17": Verdict.PERMANENT,  # a character that cannot be sent
    "20": Verdict.BALANCE, "21": Verdict.BALANCE, "22": Verdict.BALANCE,  # package of contract, customer, agent used up
    "23": Verdict.PERMANENT,  # not a number, or numbers of several networks
    "24": Verdict.CONFIG,  # SCHEDULETIME is past
    "25": Verdict.PERMANENT,  # the label is not registered with this citizen's network: other citizens are reached
    "26": Verdict.TEMPORARY,  # three advertisements today
    "30": Verdict.PERMANENT,  # a forbidden word
    "31": Verdict.CONFIG,  # the customer's account is not active; comes with ERROR_DESC "success" all the same
    "32": Verdict.TEMPLATE,  # a template of the old numbering
    "33": Verdict.DUPLICATE,  # this REQID came before
}  # fmt: skip

_SPOILS = frozenset("&<>\"'")
"""What XML reserves is answered with -1 in a value."""


class Settings(HttpSettings):
    """The table of a VNPT account. VNPT names the `url` with the contract; it ends in `/smsbn/api` or
    `/smsmarketing/api`."""

    provider: Literal["vnpt"] = "vnpt"
    agent_id: str = Field(min_length=1, description="AGENTID of the contract")
    api_user: str = Field(min_length=1, description="APIUSER")
    api_pass: Secret = Field(description="APIPASS")
    username: str = Field(min_length=1, description="USERNAME, the agent's login at VNPT's portal")
    contract_id: str = Field(min_length=1, description="CONTRACTID")
    contract_type: Literal["1", "2"] = Field(default="1", description="1: customer care; 2: advertising")
    label_id: str = Field(min_length=1, description="LABELID: the number that the brandname has at VNPT")
    labels: dict[str, str] = Field(
        default_factory=dict, description='LABELID of further brandnames: { UBNDABC = "132043" }'
    )
    templates_required: bool = Field(
        default=True, description="whether a kind of message without a registered template is refused"
    )
    free_text: tuple[Situation, ...] = Field(
        default=(),
        description="kinds of message that need no registered template: none, for the text itself never leaves",
    )


class Vnpt(Provider[Settings]):
    """VNPT. Repeating a REQID is refused with 33, but public clients that send a constant one seem to get through:
    so it is not relied on for repeating what is uncertain."""

    settings_class = Settings

    def request(self, message: Outgoing, token: str) -> Request:
        of = self.settings
        order: dict[str, Any] = {
            "name": "send_sms_list",
            "REQID": message.id,
            "LABELID": of.labels.get(message.sender, of.label_id),
            "CONTRACTTYPEID": of.contract_type,
            "CONTRACTID": of.contract_id,
            "TEMPLATEID": message.template,
            "PARAMS": [{"NUM": str(number), "CONTENT": value} for number, value in sorted(message.values.items())],
            "SCHEDULETIME": "",
            "MOBILELIST": message.digits,
            "ISTELCOSUB": "0",
            "AGENTID": of.agent_id,
            "APIUSER": of.api_user,
            "APIPASS": of.api_pass.get_secret_value(),
            "USERNAME": of.username,
            "DATACODING": "8" if message.accented else "0",
        }
        return Request.of_json(of.url, {"RQST": order})

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        reply = answer.json().get("RPLY")
        # ERROR alone tells: ERROR_DESC says "success" beside a refusal too.
        code = code_of(reply.get("ERROR")) if isinstance(reply, dict) else ""
        if not code:
            return wordless(answer)
        if code == "-1" and any(not _SPOILS.isdisjoint(value) for value in message.values.values()):
            return Reading(Verdict.PERMANENT, "-1 & < > \" '")
        return Reading(verdict_of(code, CODES), code)

    def secrets(self) -> tuple[str, ...]:
        return (self.settings.api_pass.get_secret_value(),)
