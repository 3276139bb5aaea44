"""A customer that billing, CRM and success know, and systems that answer what they are told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, cast

from connectors import registry
from connectors.contract import Command, Found, Outcome, Receipt, Settings
from connectors.models import Connection
from revops.canonical.models import Customer, Party
from revops.contracts import registry as contracts
from revops.contracts.examples import EXAMPLES
from revops.delivery.drain import Drain, Target
from revops.events.models import BusinessEvent
from revops.kernel import clock, correlation, strict_json
from revops.kernel.keys import sha256
from revops.ledger.books import all_books, forget
from revops.pipeline import outcomes
from revops.pipeline.flows.begin import Told, begin
from revops.pipeline.models import FlowRun, StepRun
from revops.store import sql
from tests.factories import a_connection, a_gate, a_legal_entity


class Nothing:
    """A client that is never used."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def until(self, _: float) -> Self:
        return self


@dataclass
class System:
    """Answers each command as ``outcomes`` says (by kind), and remembers what it was told."""

    connection: Connection
    outcomes: dict[str, Receipt] = field(default_factory=dict)
    heard: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    digits: int = 0
    made: dict[str, Found] = field(default_factory=dict)
    lease: float = 30

    @property
    def manifest(self) -> Any:
        return registry.manifest(self.connection.connector)

    def digest(self, payload: Mapping[str, Any]) -> str:
        return sha256(strict_json.dumps(payload))

    async def send(self, _c: Any, _s: Settings, commands: Sequence[Command]) -> list[Receipt]:
        return [self._answer(command) for command in commands]

    def _answer(self, command: Command) -> Receipt:
        self.heard.append((command.kind, command.payload))
        self.digits += 1
        receipt = self.outcomes.get(
            command.kind, Receipt(Outcome.OK, external_id=f"{command.kind}-{self.digits}")
        )
        if receipt.outcome is Outcome.OK:
            self.made[command.key] = Found(
                receipt.external_id, "", posted=True, content_sha256=self.digest(command.payload)
            )
        return receipt

    async def find(self, _c: Any, _s: Settings, keys: Sequence[str]) -> dict[str, Sequence[Found]]:
        return {key: (self.made[key],) for key in keys if key in self.made}

    def told(self, kind: str) -> list[Mapping[str, Any]]:
        return [payload for name, payload in self.heard if name == kind]

    def drain(self) -> None:
        """Take what is due to it, once."""
        target = Target(
            connection_id=self.connection.pk,
            sink=self,
            settings=Settings(self.connection.slug, "http://127.0.0.1:9"),
            manifest=self.manifest,
            open_client=cast(Any, Nothing),
            lease=self.lease,
            settle_scale=0,
        )
        Drain(target, drainer="test", told=outcomes.tell).run(seconds=5, linger=0)


class Stage:
    """``northwind`` is one customer with an account in each system."""

    def __init__(self) -> None:
        forget()
        self.entity = a_legal_entity("us")
        self.billing = System(a_connection("stripe", "stripe"))
        self.crm = System(a_connection("salesforce", "salesforce"))
        self.success = System(a_connection("gainsight", "gainsight"))
        for system in (self.billing, self.crm, self.success):
            a_gate(system.connection)
        now = clock.now()
        self.party = Party.objects.create(
            name="Northwind Analytics, Inc.", created_at=now, updated_at=now
        )
        self.northwind = self.account(self.billing, "cus_northwind")
        self.account(self.crm, "001Ax000003NwAbIAK")
        self.account(self.success, "company-northwind")

    def account(self, system: System, source_id: str, **values: Any) -> Customer:
        now = clock.now()
        return Customer.objects.create(
            **{
                "connection": system.connection,
                "source_id": source_id,
                "legal_entity": self.entity,
                "party": self.party,
                "name": self.party.name,
                "email": "ap@northwind.example",
                "correlation_id": correlation.new_id(),
                "created_at": now,
                "updated_at": now,
            }
            | values
        )

    def begin(
        self, contract: str, record: Any, *, by: System | None = None, **values: Any
    ) -> FlowRun:
        """The example of a contract happens to a record. Its run."""
        data = values.pop("data", {})
        event = contracts.read(contract, {**EXAMPLES[contract], **data})
        source = (by or self.billing).connection
        kind = record._meta.model_name
        meaning = BusinessEvent.objects.create(
            contract=contract,
            subject=event.subject,
            subject_id=event.subject_id,
            legal_entity=self.entity.code,
            data=strict_json.dumps(event.model_dump(mode="json")),
            occurred_at=clock.now(),
            recorded_at=clock.now(),
            correlation_id=correlation.new_id(),
        )
        told = Told(
            business_event_id=meaning.pk,
            data=event,
            record_kind=kind,
            record_id=record.pk,
            legal_entity_id=self.entity.pk,
            source_id=source.pk,
            correlation_id=meaning.correlation_id,
            **values,
        )
        with sql.atomic():
            begin([told], all_books(), at=clock.now())
        return FlowRun.objects.get(business_event=meaning)

    def drain(self) -> None:
        for system in (self.billing, self.crm, self.success):
            system.drain()


def steps(run: FlowRun) -> dict[str, str]:
    """The state of each step, by its name."""
    return dict(StepRun.objects.filter(run=run).values_list("step", "state"))
