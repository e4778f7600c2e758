"""The unit of work: the stores on one connection, each made when it is first asked for."""

from functools import cached_property

from storage.api import Api
from storage.apologies import Apologies
from storage.audit import Audit
from storage.broadcasts import Broadcasts
from storage.console import Console
from storage.conversations import Conversations
from storage.coordination import Coordination
from storage.deadlines import Deadlines
from storage.do_not_send import DoNotSend
from storage.documents import Documents
from storage.dossiers import Dossiers
from storage.follows import Follows
from storage.guards import Guards
from storage.leases import Leases
from storage.outbox import Outbox
from storage.partitions import Keeping
from storage.people import People
from storage.personal import PersonalData
from storage.privacy import Privacy
from storage.reconciliations import Reconciliations
from storage.reports import Reports
from storage.restoring import Restores
from storage.retention import Retention
from storage.routing import Routing
from storage.sealing.store import Sealing
from storage.service import Service
from storage.shares import Shares
from storage.sources import Sources
from storage.spending import Spending
from storage.staff import Staff
from storage.statements import Statements
from storage.texts import Texts
from storage.today import Today
from storage.vaults import Vaults
from storage.watching import Watching


class UnitOfWork:
    """`bot.ports.Transaction` in SQL."""

    def __init__(self, sql: Statements, others: Coordination, *, writes: bool) -> None:
        self._sql = sql
        self._others = others
        self._writes = writes

    @property
    def woken(self) -> set[str]:
        """Queues to wake once the work is durable."""
        return self._others.woken

    @cached_property
    def sources(self) -> Sources:
        return Sources(self._sql)

    @cached_property
    def dossiers(self) -> Dossiers:
        return Dossiers(self._sql)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self._sql, self._others)

    @cached_property
    def conversations(self) -> Conversations:
        return Conversations(self._sql, writes=self._writes)

    @cached_property
    def leases(self) -> Leases:
        return Leases(self._sql)

    @cached_property
    def shares(self) -> Shares:
        return Shares(self._sql)

    @cached_property
    def reconciliations(self) -> Reconciliations:
        return Reconciliations(self._sql)

    @cached_property
    def routing(self) -> Routing:
        return Routing(self._sql)

    @cached_property
    def spending(self) -> Spending:
        return Spending(self._sql)

    @cached_property
    def do_not_send(self) -> DoNotSend:
        return DoNotSend(self._sql)

    @cached_property
    def people(self) -> People:
        return People(self._sql)

    @cached_property
    def follows(self) -> Follows:
        return Follows(self._sql)

    @cached_property
    def guards(self) -> Guards:
        return Guards(self._sql)

    @cached_property
    def service(self) -> Service:
        return Service(self._sql)

    @cached_property
    def privacy(self) -> Privacy:
        return Privacy(self._sql)

    @cached_property
    def vaults(self) -> Vaults:
        return Vaults(self._sql)

    @cached_property
    def texts(self) -> Texts:
        return Texts(self._sql)

    @cached_property
    def deadlines(self) -> Deadlines:
        return Deadlines(self._sql)

    @cached_property
    def apologies(self) -> Apologies:
        return Apologies(self._sql)

    @cached_property
    def broadcasts(self) -> Broadcasts:
        return Broadcasts(self._sql, self._others)

    @cached_property
    def keeping(self) -> Keeping:
        return Keeping(self._sql)

    @cached_property
    def documents(self) -> Documents:
        return Documents(self._sql)

    @cached_property
    def watch(self) -> Watching:
        return Watching(self._sql)

    @cached_property
    def today(self) -> Today:
        return Today(self._sql)

    @cached_property
    def staff(self) -> Staff:
        return Staff(self._sql)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self._sql)

    @cached_property
    def console(self) -> Console:
        return Console(self._sql)

    @cached_property
    def reports(self) -> Reports:
        return Reports(self._sql)

    @cached_property
    def restores(self) -> Restores:
        return Restores(self._sql, self._others)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self._sql, self._others)

    @cached_property
    def personal(self) -> PersonalData:
        return PersonalData(self._sql)

    @cached_property
    def sealing(self) -> Sealing:
        return Sealing(self._sql, self._others)

    @cached_property
    def api(self) -> Api:
        return Api(self._sql)
