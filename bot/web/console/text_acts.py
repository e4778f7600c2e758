"""A text comes into force, goes back to an older version, or gives way to what is above it.

These ask for the right to administer, as `Right.ADMINISTER` has it: a published text speaks for the office in every
message from then on, while what an approver decides is one apology or one broadcast. Who wrote the draft may publish
it: the linter keeps out what providers or the rules would not take, and every version with its persons stays on record.
"""

from collections.abc import Sequence

from aiohttp import web

from bot.model.audit import Entry
from bot.model.staff import Right
from bot.model.wording import TextKey
from bot.ports import Storage, Transaction
from bot.text_check import rules_of
from bot.text_versions import SHIPPED, InForce, publish, roll_back
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.text_keys import address_of, key_of, number_in
from bot.web.console.visit import Visit, missing

_LONGEST_NOTE = 500


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("POST", "/mau-tin/{situation}/ban-hanh", put_into_force, Right.ADMINISTER),
        Route("POST", "/mau-tin/{situation}/quay-lai", go_back, Right.ADMINISTER),
    ]


async def put_into_force(visit: Visit) -> web.StreamResponse:
    """The draft that she has seen, and no other that was written meanwhile."""
    key, number = key_of(visit, Right.ADMINISTER), number_in(visit.said("ban"))
    if number is None:
        raise missing()
    rules, now = rules_of(visit.app.plan), visit.console.clock()

    async def work(tx: Transaction) -> InForce | None:
        return await publish(tx, key, rules, by=visit.me.login, at=now, number=number)

    return await _said(visit, key, await _recorded(visit, key, "text.published").write(work), "published")


async def go_back(visit: Visit) -> web.StreamResponse:
    key, to = key_of(visit, Right.ADMINISTER), number_in(visit.said("ban"))
    if to is None:
        raise missing()
    rules, now, note = rules_of(visit.app.plan), visit.console.clock(), visit.said("note", most=_LONGEST_NOTE)

    async def work(tx: Transaction) -> InForce | None:
        return await roll_back(tx, key, to, rules, by=visit.me.login, at=now, note=note)

    what = "text.retired" if to == SHIPPED else "text.rolled_back"
    made = await _recorded(visit, key, what, to=to).write(work)
    return await _said(visit, key, made, "retired" if to == SHIPPED else "rolled_back")


def _recorded(visit: Visit, key: TextKey, what: str, **more: int) -> Storage:
    def told(made: InForce | None) -> Entry | None:
        if made is None or made.is_refused:
            return None
        return visit.entry(what, str(key), agency=key.agency, after={"number": made.number, **more})

    return visit.audited(told)


async def _said(visit: Visit, key: TextKey, made: InForce | None, done: str) -> web.StreamResponse:
    w = visit.words["texts"]
    word = "no_such_version" if made is None else "has_errors" if made.is_refused else done
    return await visit.redirect(address_of(key), w[word].format(number=made.number if made else ""))
