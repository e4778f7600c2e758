"""Which statements SQLite answers in some twenty microseconds, so that they need no thread of their own.

Each of these finds its rows by a key or an index that belongs to one address, code, message or queue, whatever else
the tables hold. Not among them is what walks through a table or an index (`lapse`, `expire`, `orphans`, `counts`,
`prune_attempts` …) and what is meant for batches (`dossiers_compare`, `dossiers_known` …). A new statement
runs in the thread until it is named here.
"""

from collections.abc import Mapping, Sized
from typing import Any

_MESSAGES = """
    inbound_first inbound_finish heard conversation_load conversation_begin conversation_save
    talk_of talk_begin talk_touch talk_end next_number feedback_add feedback_one survey_open survey_answer
"""
_PEOPLE = """
    bind binding unbind disowned preference agree consents code_of failed_try drop_code
    follow follow_again unfollow followed_by followers note_attempts
"""
_DOSSIERS = "dossiers_find changes_of late_of source_get"
_OUTBOX = """
    enqueue enqueue_one plan item add_part park record_part name_carrier take_way
    count_failures count_speed
    count_minutes count_spending count_dossier_spending note_seen number_part remember_carrier settle_late
    lease_take lease_renew lease_give_back lease_fence lease_lock lease_holders shares_lock shares_put
    parked_any arrive_part arrive_item
"""
_API = """
    api_key api_remember api_remembered api_answered api_answered_all api_forget api_note
    audit_step audit_add audit_move
"""
SHORT = frozenset(" ".join((_MESSAGES, _PEOPLE, _DOSSIERS, _OUTBOX, _API)).split())
"""Queries that concern one thing, or write the rows that they are given."""

_OF_SETS = """
    planned_before arrived due next_due claim lock_items settle settle_ordinary unpark arrivals find_items parts_of
    history of_origins move_items dossiers_many failures clear_attempts withdraw
    bindings_of disowned_of preferences_of api_unwanted api_remember_all
"""
SETS = frozenset(_OF_SETS.split())
"""Queries that are as short for each member of a set; short as long as the set is."""

_SIGNS = 8_000
"""Of the texts that name a set's members, or give them."""
_ASKED_FOR = 64
"""Rows at most, where a query says so."""
_WRITTEN = 16
"""Rows at a time."""


def is_short(query: str, values: Mapping[str, Any]) -> bool:
    """Whether `query` with these values takes no longer than a hop to a thread and back, or not much."""
    if query in SHORT:
        return True
    if query not in SETS or values.get("most", 0) > _ASKED_FOR:
        return False
    return sum(len(value) for value in values.values() if value.__class__ is str) <= _SIGNS


def are_few(query: str, rows: Sized) -> bool:
    """The same for a query that writes `rows`."""
    return query in SHORT and len(rows) <= _WRITTEN
