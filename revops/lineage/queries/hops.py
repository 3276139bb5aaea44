"""The shapes of a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from revops.kernel.money import Money
from revops.lineage.kinds import KINDS
from revops.web.statuses import look

# Where a thread can be entered; the words are those of the page.
LABELS: Final = {
    **{kind.name: kind.label for kind in KINDS.values()},
    "event": "Event",
    "journal": "Journal entry",
    "command": "ERP posting",
}

DOCUMENTS: Final = {
    "invoice": "Invoice",
    "payment": "Payment",
    "application": "Application",
    "fee": "Processing fee",
    "payout": "Payout",
    "refund": "Refund",
    "void": "Void",
    "recognition": "Recognition",
    "credit": "Credit memo",
    "return": "Returned payment",
    "dispute": "Dispute",
    "dispute_result": "Dispute decided",
    "write_off": "Write-off",
    "recovery": "Recovery",
    "remittance": "Tax remittance",
    "payout_return": "Returned payout",
    "refund_return": "Returned refund",
    "drawdown": "Prepaid usage",
    "usage_accrual": "Usage accrual",
    "credit_accrual": "Credit accrual",
    "late_accrual": "Accrual of a late document",
    "provision": "Credit loss provision",
    "reclass": "Reclassification",
    "presentation": "Presentation",
    "remeasurement": "Remeasurement",
    "exchange": "Exchange",
    "transfer": "Transfer",
}


@dataclass(frozen=True, slots=True)
class Try:
    """One call to a target. ``took`` is None while it is not answered."""

    number: int
    asked: bool
    at: datetime
    outcome: str
    http_status: int | None
    reason: str
    took: timedelta | None

    @property
    def took_ms(self) -> int | None:
        return None if self.took is None else int(self.took / timedelta(milliseconds=1))

    @property
    def word(self) -> str:
        """How it ended: “accepted”, “in doubt”; what is not answered has no end yet."""
        return look(self.outcome).word.lower() if self.outcome else "no answer yet"

    @property
    def tone(self) -> str:
        return look(self.outcome).tone.value if self.outcome else "info"


@dataclass(frozen=True, slots=True)
class Hop:
    """
    One step of the thread. ``status`` is one of the house's (revops/web/statuses.py).

    ``difference`` is this amount less the one it follows from. ``missing`` says why something that
    should exist does not; ``amount`` is then what is there, so nothing. ``began`` is when it could
    begin, ``at`` when it was done; one of a pair may be unknown. ``aside`` marks what only
    accompanies the step before it. ``after`` are the keys of the hops that it came from.
    ``known`` is when the console learnt of it. ``one`` is alike on several systems' accounts of one
    customer.
    """

    kind: str
    id: int | None
    label: str
    name: str
    system: str
    status: str
    status_word: str = ""
    ids: Sequence[tuple[str, str]] = ()
    amount: Money | None = None
    difference: Money | None = None
    note: str = ""
    began: datetime | None = None
    at: datetime | None = None
    took: timedelta | None = None
    missing: str = ""
    aside: bool = False
    record: tuple[str, int] | None = None
    journal_id: int | None = None
    command_id: int | None = None
    inbound_id: int | None = None
    connection: str = ""
    legal_entity: str = ""
    correlation_id: str = ""
    facts: Sequence[tuple[str, str]] = ()
    tries: Sequence[Try] = ()
    after: tuple[str, ...] = ()
    known: datetime | None = None
    one: str = ""

    @property
    def key(self) -> str:
        """Names the hop on its page and in its address: ``invoice-12``."""
        return f"{self.kind}-{self.id}" if self.id else f"{self.kind}-of-{self.anchor}"

    @property
    def anchor(self) -> str:
        if self.journal_id:
            return f"journal-{self.journal_id}"
        return f"{self.record[0]}-{self.record[1]}" if self.record else "nothing"

    @property
    def waited(self) -> timedelta | None:
        """From when it could begin until it was done, without the work itself."""
        if self.began is None or self.at is None:
            return None
        return max(timedelta(), self.at - self.began - (self.took or timedelta()))

    @property
    def problem(self) -> bool:
        """It is missing, in doubt, or held: what *next problem* jumps to."""
        return bool(self.missing)


@dataclass(frozen=True, slots=True)
class Thread:
    """
    All hops in the order of the story. ``subject`` is the hop that was asked for; ``left_out``
    counts records beyond the bound; ``as_of`` is the moment that it is told of, None for now.
    """

    kind: str
    id: int
    hops: Sequence[Hop]
    left_out: int = 0
    as_of: datetime | None = None

    @property
    def subject(self) -> Hop:
        """The hop that the address names; its record when it is an event or a command."""
        for hop in self.hops:
            if (hop.kind, hop.id) == (self.kind, self.id):
                return hop
        for hop in self.hops:
            named = {"command": hop.command_id, "event": hop.inbound_id}.get(self.kind)
            if named == self.id and hop.kind in ("posting", "told", "event"):
                return hop
        return self.hops[0]

    def of(self, *kinds: str) -> list[Hop]:
        return [hop for hop in self.hops if hop.kind in kinds]

    @property
    def problems(self) -> list[Hop]:
        return [hop for hop in self.hops if hop.problem]

    @property
    def steps(self) -> list[Hop]:
        """
        What a strip shows: the hops without what only accompanies them, and one hop for what
        several systems know as one.
        """
        seen: set[str] = set()
        found = []
        for hop in self.hops:
            if hop.aside or (hop.one and hop.one in seen):
                continue
            seen.add(hop.one)
            found.append(hop)
        return found
