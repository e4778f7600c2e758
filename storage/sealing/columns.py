"""What is sealed: columns by table, and the parameters of queries that go into them or are compared with them.

A parameter is known by its name where that means the same in all queries (`EVERYWHERE`), else by query and name
(`IN_QUERY`). A test asks of each parameter that shares its name with a sealed column whether it is meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.sealing import forms
from storage.sealing.forms import Form, free, keys

ADDRESS, PHONE, KEY, TOKEN, SUBJECT = forms.address, forms.phone, forms.key, forms.token, forms.subject
PRINT, WORDS, GIVEN, ATTACHED = forms.fingerprint, forms.name_words, forms.given, forms.attached


@dataclass(frozen=True, slots=True)
class Table:
    """A table that holds something sealed."""

    key: Sequence[str]
    """The columns that tell its rows apart, and in whose order they are walked through."""
    columns: Mapping[str, Form]
    postgres_only: bool = False

    @property
    def looked_up(self) -> dict[str, Form]:
        """Its columns that rows are found by."""
        return {name: form for name, form in self.columns.items() if form in LOOKED_UP}

    @property
    def free(self) -> dict[str, Form]:
        return {name: form for name, form in self.columns.items() if form not in LOOKED_UP}


LOOKED_UP: frozenset[Form] = frozenset({ADDRESS, PHONE, KEY, TOKEN, SUBJECT, PRINT, WORDS, GIVEN})
"""Forms that give the same for the same, under the look-up key: all rows must have them under one."""


def _frees(*names: str) -> dict[str, Form]:
    return {name: free(name) for name in names}


TABLES: Mapping[str, Table] = {
    "api_answers": Table(("key_id", "token"), {"token": TOKEN, "digest": TOKEN, **_frees("answer")}),
    "api_callbacks": Table(("id",), _frees("reference")),
    "api_guests": Table(("key_id", "address"), {"address": ADDRESS}),
    "api_keys": Table(("id",), _frees("callback_secret")),
    "api_messages": Table(("item_id",), _frees("reference")),
    "apologies": Table(("id",), _frees("text", "why", "override_why")),
    "apology_acts": Table(("apology", "number"), _frees("detail")),
    "attempts": Table(("at", "kind", "subject"), {"subject": SUBJECT}),
    "bindings": Table(("address",), {"address": ADDRESS, "phone": PHONE}),
    "broadcast_acts": Table(("broadcast", "number"), _frees("detail")),
    "broadcast_recipients": Table(("broadcast", "number"), {"phone": PHONE, **_frees("contents")}),
    "broadcasts": Table(
        ("id",), {"list_digest": TOKEN, **_frees("title", "wording", "why", "list_name", "list_columns")}
    ),
    "carriers": Table(("address",), {"address": ADDRESS}),
    "consents": Table(("number",), {"address": ADDRESS}),
    "conversations": Table(("address",), {"address": ADDRESS, **_frees("slots", "options")}),
    "disowned": Table(("phone",), {"phone": PHONE}),
    "do_not_send": Table(("address",), {"address": ADDRESS, **_frees("reason")}),
    "documents": Table(("id",), _frees("name", "content")),
    "dossiers": Table(
        ("code", "source"),
        {
            "phone": PHONE,
            "fingerprint": PRINT,
            "name_words": WORDS,
            "given": GIVEN,
            **_frees("applicant", "supplement", "reason", "lookup_code", "id_tail", "steps"),
        },
    ),
    "erasure_salt": Table(("one",), _frees("salt")),
    "feedback": Table(("number",), {"address": ADDRESS, "phone": PHONE, **_frees("text", "name", "home", "answer")}),
    "follows": Table(("address", "source", "code"), {"address": ADDRESS, "invited_by": PHONE}),
    "imbalances": Table(("origin",), {"origin": KEY}),
    "inbound": Table(("channel", "message_id"), {"address": ADDRESS, "message_id": TOKEN, **_frees("text")}),
    "invitations": Table(("digest",), {"phone": PHONE}),
    "late_events": Table(("code", "source", "version", "fingerprint"), {"fingerprint": PRINT}),
    "one_time_codes": Table(("address",), {"address": ADDRESS, "phone": PHONE}),
    "outbox": Table(
        ("id",), {"address": ADDRESS, "dedupe_key": KEY, "origin": KEY, "attached": ATTACHED, **_frees("text")}
    ),
    "outbox_keys": Table(("dedupe_key",), {"dedupe_key": KEY}, postgres_only=True),
    "plans": Table(("origin",), {"origin": KEY}),
    "preferences": Table(("phone",), {"phone": PHONE}),
    "quarantine": Table(("source", "place", "row_number", "column_name"), {"place": TOKEN}),
    "sources": Table(("name",), _frees("cursor")),
    "staff": Table(("id",), _frees("name", "email", "password", "totp", "recovery")),
    "staff_invitations": Table(("digest",), _frees("name", "email")),
    "staff_sessions": Table(("digest",), _frees("agent", "network", "note")),
    "surveys": Table(("source", "code", "address"), {"address": ADDRESS, **_frees("reason")}),
    "talks": Table(("address",), {"address": ADDRESS}),
    "unknown_statuses": Table(("source", "word"), {"word": TOKEN}),
    "vaults": Table(("name",), _frees("content")),
}

COLUMNS: Mapping[str, str] = {
    **{column: column for table in TABLES.values() for column in table.columns},
    "whose": "phone",
    "secret": "callback_secret",
}
"""A result's column → the kind of what is sealed there."""

_SEEKS = (
    "seek_agencies", "seek_procedure", "seek_status", "seek_given", "seek_phone", "seek_code", "seek_late",
)  # fmt: skip
_CREDENTIALS = _frees("password", "totp", "recovery")

EVERYWHERE: Mapping[str, Form] = {
    "address": ADDRESS,
    "addresses": keys(ADDRESS),
    "applicant": free("applicant"),
    "attached": ATTACHED,
    "contents": free("contents"),
    "dedupe_key": KEY,
    "fingerprint": PRINT,
    "given": GIVEN,
    "list_digest": TOKEN,
    "message_id": TOKEN,
    "name_words": WORDS,
    "origin": KEY,
    "phone": PHONE,
    "phones": keys(PHONE),
    "text": free("text"),
    "traces": forms.fields(subject=SUBJECT),
    **_frees(
        "callback_secret", "home", "id_tail", "list_columns", "list_name", "lookup_code", "options", "override_why",
        "recovery", "salt", "slots", "steps", "supplement", "totp",
    ),
}  # fmt: skip

IN_QUERY: Mapping[str, Mapping[str, Form]] = {
    **{query: {"name": forms.name_pattern} for query in _SEEKS},
    "api_answered": {"token": TOKEN, "answer": free("answer")},
    "api_answered_all": {"token": TOKEN, "answer": free("answer")},
    "api_call_back": {"secret": free("callback_secret")},
    "api_note": {"reference": free("reference")},
    "api_tell": {"reference": free("reference")},
    **{
        query: {"token": TOKEN}
        for query in (
            "api_remembered", "api_take_over", "api_keep_subject", "api_drop_token", "api_let_go", "api_forget",
        )
    },
    "api_remember": {"token": TOKEN, "digest": TOKEN},
    "api_remember_all": {"wanted": forms.fields(token=TOKEN, digest=TOKEN)},
    "apology_act": {"detail": free("detail")},
    "apology_add": {"why": free("why")},
    "apology_save": {"why": free("why")},
    "askew_between": {"after": KEY, "until": KEY},
    "clear_quarantine": {"places": keys(TOKEN)},
    "broadcast_act": {"detail": free("detail")},
    "broadcast_add": _frees("title", "why", "wording"),
    "broadcast_rows_add": {"rows": forms.fields(phone=PHONE, contents=free("contents"))},
    "broadcast_save": _frees("title", "why", "wording"),
    "broadcast_sent_with": {"digest": TOKEN},
    "do_not_send": {"reason": free("reason")},
    "documents_put": _frees("name", "content"),
    "dossiers_add": {"reason": free("reason")},
    "dossiers_compare": {"prints": forms.prints},
    "dossiers_save": {"reason": free("reason")},
    "erase_attempts": {"subjects": keys(SUBJECT)},
    "personal_attempts": {"subjects": keys(SUBJECT)},
    "erase_keys": {"items": forms.fields(dedupe_key=KEY)},
    "erase_outbox": {"items": forms.fields(dedupe_key=KEY)},
    **{
        query: {"keys": keys(ADDRESS)}
        for query in (
            "erase_api_guests", "erase_bindings", "erase_carriers", "erase_consents", "erase_conversations",
            "erase_do_not_send", "erase_seek_feedback", "erase_follows", "erase_inbound", "erase_one_time_codes",
            "erase_outbox_seek", "erase_surveys_seek", "erase_talks",
            "personal_api_callbacks", "personal_api_guests", "personal_api_messages",
            "personal_attached", "personal_bindings", "personal_carriers", "personal_consents",
            "personal_conversations", "personal_do_not_send", "personal_feedback", "personal_follows",
            "personal_inbound", "personal_one_time_codes", "personal_outbox", "personal_parts", "personal_subjects",
            "personal_surveys", "personal_talks",
        )
    },
    "feedback_add": _frees("name", "answer"),
    "feedback_answer": _frees("answer"),
    "follow": {"invited_by": PHONE},
    "follow_again": {"invited_by": PHONE},
    "newer": {"items": forms.fields(addresses=ADDRESS)},
    "note_attempts": {"subject": SUBJECT},
    "note_unknown_status": {"word": TOKEN},
    "quarantine": {"place": TOKEN},
    "quarantine_page": {"place": TOKEN},
    "source_save": _frees("cursor"),
    "of_origins": {"origins": keys(KEY)},
    "planned_before": {"keys": keys(KEY)},
    "plans_end": {"after": KEY},
    "staff_add": {**_frees("name", "email"), **_CREDENTIALS},
    "staff_invite": _frees("name", "email"),
    "staff_open_session": _frees("agent", "network", "note"),
    "staff_save": _frees("name", "email"),
    "staff_save_credentials": _CREDENTIALS,
    "staff_save_session": _frees("note"),
    "retention_blank": {"items": forms.fields(address=ADDRESS, dedupe_key=KEY)},
    "retention_blank_keys": {"items": forms.fields(before=KEY, dedupe_key=KEY)},
    "retention_carriers": {"after": ADDRESS},
    "retention_chats": {"after": ADDRESS},
    "retention_end_carriers": {"keys": keys(ADDRESS)},
    "retention_end_chats": {"keys": keys(ADDRESS)},
    "retention_end_preferences": {"keys": keys(PHONE)},
    "retention_preferences": {"after": PHONE},
    "supersede": {"items": forms.fields(address=ADDRESS, origin=KEY)},
    "supersede_held": {"items": forms.fields(address=ADDRESS, origin=KEY)},
    "survey_answer": _frees("reason"),
    "survey_ask": _frees("reason"),
    "trim_keys": {"keys": keys(KEY)},
    "trim_plans_over": {"origins": keys(KEY)},
    "vault_keep": _frees("content"),
    **{
        f"{act}_{what}": {"old": ADDRESS, "new": ADDRESS}
        for act, whats in (
            ("yield", "binding code conversation do_not_send talk follows surveys consents"),
            ("move", "binding code conversation do_not_send talk follows surveys consents feedback inbound messages"),
        )
        for what in whats.split()
    },
}  # fmt: skip

VALUES: Mapping[str, str] = {"erasure_salt": "salt", "vault": "content"}
"""Queries that bring one value → its kind."""
KNOWN_AS_JSON = frozenset({"differing", "known"})
"""A result's columns, texts of JSON, in which fingerprints stand."""


def form_of(query: str, parameter: str) -> Form | None:
    """How the parameter of this query is sealed; None: not at all."""
    return IN_QUERY.get(query, {}).get(parameter) or EVERYWHERE.get(parameter)
