"""The unit of work: the stores on one connection."""

from storage.conversations import Conversations
from storage.coordination import Coordination
from storage.do_not_send import DoNotSend
from storage.dossiers import Dossiers
from storage.follows import Follows
from storage.guards import Guards
from storage.leases import Leases
from storage.outbox import Outbox
from storage.people import People
from storage.privacy import Privacy
from storage.reconciliations import Reconciliations
from storage.routing import Routing
from storage.service import Service
from storage.sources import Sources
from storage.spending import Spending
from storage.statements import Statements
from storage.vaults import Vaults


class UnitOfWork:
    """`bot.ports.Transaction` in SQL."""

    def __init__(self, sql: Statements, others: Coordination, *, writes: bool) -> None:
        self._others = others
        self._sources = Sources(sql)
        self._dossiers = Dossiers(sql)
        self._outbox = Outbox(sql, others)
        self._conversations = Conversations(sql, writes=writes)
        self._leases = Leases(sql)
        self._reconciliations = Reconciliations(sql)
        self._do_not_send = DoNotSend(sql)
        self._routing = Routing(sql)
        self._spending = Spending(sql)
        self._people = People(sql)
        self._follows = Follows(sql)
        self._guards = Guards(sql)
        self._service = Service(sql)
        self._privacy = Privacy(sql)
        self._vaults = Vaults(sql)

    @property
    def woken(self) -> set[str]:
        """Queues to wake once the work is durable."""
        return self._others.woken

    @property
    def sources(self) -> Sources:
        return self._sources

    @property
    def dossiers(self) -> Dossiers:
        return self._dossiers

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    @property
    def conversations(self) -> Conversations:
        return self._conversations

    @property
    def leases(self) -> Leases:
        return self._leases

    @property
    def reconciliations(self) -> Reconciliations:
        return self._reconciliations

    @property
    def routing(self) -> Routing:
        return self._routing

    @property
    def spending(self) -> Spending:
        return self._spending

    @property
    def do_not_send(self) -> DoNotSend:
        return self._do_not_send

    @property
    def people(self) -> People:
        return self._people

    @property
    def follows(self) -> Follows:
        return self._follows

    @property
    def guards(self) -> Guards:
        return self._guards

    @property
    def service(self) -> Service:
        return self._service

    @property
    def privacy(self) -> Privacy:
        return self._privacy

    @property
    def vaults(self) -> Vaults:
        return self._vaults
