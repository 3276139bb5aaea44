"""Every connection with its state, the worst first; and the sums above the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from connectors import registry
from connectors.manifest import Capability, Manifest
from connectors.models import Connection, ConnectionState
from connectors.registry import ConnectorUnknown
from revops.console.connections.queries.brought import Brought, brought, is_brought
from revops.console.connections.queries.feeds import Feed, feeds
from revops.console.connections.queries.held import Cases, amounts, cases_of
from revops.delivery.queries import Health, Waiting, health
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.models import ErpRoute
from revops.web.statuses import Tone, look

_RANK: Final = {
    tone: place
    for place, tone in enumerate(
        (Tone.CRIT, Tone.WARN, Tone.WAIT, Tone.NONE, Tone.INFO, Tone.OK)
    )
}  # fmt: skip
_UNUSED: Final = {
    ConnectionState.DRAFT.value: (
        "draft", "It is being set up: nothing is sent to it or taken from it."
    ),
    ConnectionState.RETIRED.value: (
        "retired", "It was taken out of use; what it told and what was sent stays."
    ),
}  # fmt: skip
_CALM: Final = frozenset({Tone.INFO, Tone.OK})


@dataclass(frozen=True, slots=True)
class Row:
    """
    One connection. ``health`` is there when it is sent to, ``feed`` when it tells us things;
    ``manifest`` is None when its connector is not installed. ``entities`` keep their books there.
    ``brought`` is there for what comes in neither way.
    """

    connection: Connection
    manifest: Manifest | None
    health: Health | None
    feed: Feed | None
    cases: Cases
    status: str
    story: str
    brought: Brought | None = None

    @property
    def tone(self) -> str:
        return look(self.status).tone.value

    @property
    def word(self) -> str:
        return look(self.status).word

    @property
    def calm(self) -> bool:
        return look(self.status).tone in _CALM

    @property
    def on_purpose(self) -> bool:
        return self.status in ("paused", "maintenance")

    @property
    def may_be_tried(self) -> bool:
        """Something other than a person holds sending back, so a trial now makes sense."""
        return self.status in ("stopped", "signed_out", "slowed")

    @property
    def rank(self) -> tuple[int, int, str]:
        waiting = self.health.waiting_count if self.health else 0
        return _RANK[look(self.status).tone], -waiting, self.connection.label

    @property
    def role(self) -> str:
        """``ERP``, ``Billing``."""
        if self.manifest is None:
            return self.connection.connector
        short = len(self.manifest.role) <= 3
        return self.manifest.role.upper() if short else self.manifest.role.capitalize()

    @property
    def direction(self) -> str:
        words = ["events in"] if self.feed else []
        if self.brought:
            return self.brought.what
        return " and ".join([*words, "postings out"] if self.health else words)

    @property
    def money(self) -> list[Money]:
        """What waits, one amount for each currency."""
        return amounts((item.currency, item.amount) for item in self._waiting)

    @property
    def doubtful_money(self) -> list[Money]:
        return amounts(
            (item.currency, item.doubtful_amount) for item in self._waiting if item.doubtful
        )

    @property
    def backlog(self) -> int:
        """Postings that wait and events that are not worked on yet."""
        postings = self.health.waiting_count if self.health else 0
        return postings + (self.feed.waiting if self.feed else 0)

    @property
    def oldest_at(self) -> datetime | None:
        known = (self.health and self.health.oldest_at, self.feed and self.feed.oldest_at)
        return min((at for at in known if at), default=None)

    @property
    def success_at(self) -> datetime | None:
        known = (
            self.health and self.health.succeeded_at,
            self.feed and self.feed.fresh_at,
            self.brought and self.brought.at,
        )
        return max((at for at in known if at), default=None)

    @property
    def entities(self) -> Sequence[str]:
        """Names of the legal entities whose postings go there today."""
        found: Sequence[str] = getattr(self.connection, "entity_names", ())
        return found

    @property
    def _waiting(self) -> Iterable[Waiting]:
        return self.health.waiting if self.health else ()


def every() -> list[Row]:
    """All connections, the worst first. Four queries."""
    return sorted(_rows(_connections()), key=lambda row: row.rank)


def one(slug: str) -> Row:
    """Raises Connection.DoesNotExist. At most four queries."""
    return _rows([_connections().get(slug=slug)])[0]


def _connections() -> QuerySet[Connection]:
    routes = ErpRoute.objects.filter(
        connection=OuterRef("pk"), valid__contains=clock.now().date()
    ).order_by("legal_entity__name")
    return Connection.objects.select_related("cursor").annotate(
        entity_names=ArraySubquery(routes.values("legal_entity__name"))
    )


def _rows(connections: Iterable[Connection]) -> list[Row]:
    held = [(connection, _manifest(connection)) for connection in connections]
    targets = [
        connection.pk
        for connection, manifest in held
        if manifest and manifest.can(Capability.COMMANDS)
    ]
    sources = [
        connection
        for connection, manifest in held
        if manifest and manifest.can(Capability.EVENTS)
    ]  # fmt: skip
    cases = cases_of([connection.slug for connection, _ in held])
    healths = health(targets) if targets else {}
    fed = feeds(
        {connection.pk: _cursor(connection) for connection in sources},
        webhooks_missing=frozenset(
            source.pk for source in sources if cases.get(source.slug, Cases()).webhooks_missing
        ),
    )
    others = brought(
        [(one, manifest) for one, manifest in held if manifest and is_brought(manifest)]
    )
    return [
        _row(connection, manifest, healths, fed, cases.get(connection.slug, Cases()), others)
        for connection, manifest in held
    ]


def _row(
    connection: Connection,
    manifest: Manifest | None,
    healths: Mapping[int, Health],
    fed: Mapping[int, Feed],
    cases: Cases,
    others: Mapping[int, Brought],
) -> Row:
    sent, told = healths.get(connection.pk), fed.get(connection.pk)
    if manifest is not None and connection.state in _UNUSED:
        status, story = _UNUSED[connection.state]
        return Row(connection, manifest, None, None, cases, status, story)
    states = [(part.status, part.story) for part in (sent, told) if part]
    if manifest is None:
        states = [("stopped", f"No connector “{connection.connector}” is installed here.")]
    elif other := others.get(connection.pk):
        states = [("healthy" if other.at else "waiting", other.story)]
    elif not states:
        states = [("draft", "It is not set up yet: nothing is sent to it or taken from it.")]
    states.sort(key=lambda state: _RANK[look(state[0]).tone])
    status, story = states[0][0], " ".join(story for _, story in states)
    return Row(
        connection, manifest, sent, told, cases, status, story, others.get(connection.pk)
    )  # fmt: skip


def _manifest(connection: Connection) -> Manifest | None:
    try:
        return registry.manifest(connection.connector)
    except ConnectorUnknown:
        return None


def _cursor(connection: Connection) -> SourceCursor | None:
    try:
        return connection.cursor
    except SourceCursor.DoesNotExist:
        return None
