"""One kind of record in a batch: what is known of it, what is new, what has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, fields
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from revops.canonical.operations.rows import (
    CustomerRow,
    InvoiceRow,
    PaymentRow,
    PayoutRow,
    RefundRow,
    Row,
    SubscriptionRow,
)
from revops.kernel import strict_json
from revops.store import sql

R = TypeVar("R", bound=Row)

_TYPES: Final = {
    "id": "bigint",
    "source_id": "text",
    "legal_entity_id": "bigint",
    "version": "bigint",
    "rank": "smallint",
    "correlation_id": "text",
    "customer_id": "bigint",
    "subscription_id": "bigint",
    "invoice_id": "bigint",
    "payment_id": "bigint",
    "address": "jsonb",
    "items": "jsonb",
    "started_on": "date",
    "renews_on": "date",
    "issued_on": "date",
    "due_on": "date",
    "dated": "date",
    "net": "bigint",
    "tax": "bigint",
    "total": "bigint",
    "applied": "bigint",
    "amount": "bigint",
    "allocated": "bigint",
    "allocated_later": "bigint",
    "fee": "bigint",
}


class Table(Generic[R]):
    """Rows of one kind of one connection, by source id and by our id."""

    def __init__(self, name: str, row: type[R], connection_id: int) -> None:
        self.name = name
        self._row = row
        self._connection_id = connection_id
        self._columns = tuple(field.name for field in fields(row))
        self._by_source: dict[str, R] = {}
        self._by_id: dict[int, R] = {}
        self._new: dict[int, R] = {}
        self._changed: dict[int, R] = {}
        self._ids: list[int] = []

    def load(self, source_ids: Iterable[str] = (), ids: Iterable[int] = ()) -> None:
        """Read what is known under these ids and not yet in memory."""
        wanted = [one for one in set(source_ids) if one and one not in self._by_source]
        by_id = [one for one in set(ids) if one not in self._by_id]
        if not wanted and not by_id:
            return
        select = ", ".join(
            f"{column}::text" if _TYPES.get(column) == "jsonb" else column
            for column in self._columns
        )
        found = sql.rows(
            f"SELECT {select} FROM canonical_{self.name} "  # noqa: S608  own literals
            "WHERE (connection_id = %s AND source_id = ANY(%s)) OR id = ANY(%s)",
            (self._connection_id, wanted, by_id),
        )
        json_at = [i for i, name in enumerate(self._columns) if _TYPES.get(name) == "jsonb"]
        for values in map(list, found):
            for index in json_at:
                # The database has its own spelling; ours is canonical, so that equal is equal.
                values[index] = strict_json.dumps(strict_json.loads(values[index]))
            self._keep(self._row(*values))

    def reserve(self, count: int) -> None:
        """Fetch ids for up to ``count`` records that may turn out to be new."""
        self._ids.extend(sql.new_ids(f"canonical_{self.name}", count - len(self._ids)))

    def get(self, source_id: str) -> R | None:
        return self._by_source.get(source_id)

    def by_id(self, record_id: int) -> R:
        return self._by_id[record_id]

    def missing(self, source_ids: Iterable[str]) -> int:
        return sum(1 for source_id in set(source_ids) if source_id not in self._by_source)

    def add(self, **values: Any) -> R:
        record_id = self._ids.pop() if self._ids else sql.new_ids(f"canonical_{self.name}", 1)[0]
        row = self._row(id=record_id, **values)
        self._keep(row)
        self._new[row.id] = row
        return row

    def touch(self, row: R) -> None:
        """The row has changed in memory and is to be written."""
        if row.id not in self._new:
            self._changed[row.id] = row

    def is_new(self, row: R) -> bool:
        """Whether this batch made the record."""
        return row.id in self._new

    def known(self) -> list[R]:
        return list(self._by_id.values())

    def new(self) -> list[R]:
        return list(self._new.values())

    def flush(self, at: datetime) -> None:
        """Write what is new and what has changed."""
        types = [_TYPES.get(column, "text") for column in self._columns]
        if self._new:
            names = ", ".join(f'"{column}"' for column in self._columns)
            arrays = ", ".join(f"%b::{kind}[]" for kind in types)
            sql.run(
                f"INSERT INTO canonical_{self.name} "  # noqa: S608  own literals
                f"({names}, connection_id, created_at, updated_at) "
                f"SELECT new.*, %s, %s, %s FROM unnest({arrays}) AS new",
                [
                    self._connection_id, at, at,
                    *(list(column) for column in zip(*map(astuple, self.new()), strict=True)),
                ],
            )  # fmt: skip
        if self._changed:
            names = ", ".join(f'"{column}"' for column in self._columns)
            arrays = ", ".join(f"%b::{kind}[]" for kind in types)
            assign = ", ".join(
                f'"{column}" = new."{column}"'
                for column in self._columns
                if column not in ("id", "source_id", "correlation_id")
            )
            sql.run(
                f"UPDATE canonical_{self.name} AS old "  # noqa: S608  own literals
                f"SET {assign}, updated_at = %s FROM unnest({arrays}) AS new ({names}) "
                "WHERE old.id = new.id",
                [
                    at,
                    *(
                        list(column)
                        for column in zip(*map(astuple, self._changed.values()), strict=True)
                    ),
                ],
            )

    def _keep(self, row: R) -> None:
        self._by_source[row.source_id] = row
        self._by_id[row.id] = row


class Tables:
    """Every kind's table for one connection."""

    def __init__(self, connection_id: int) -> None:
        self.customer = Table("customer", CustomerRow, connection_id)
        self.subscription = Table("subscription", SubscriptionRow, connection_id)
        self.invoice = Table("invoice", InvoiceRow, connection_id)
        self.payment = Table("payment", PaymentRow, connection_id)
        self.refund = Table("refund", RefundRow, connection_id)
        self.payout = Table("payout", PayoutRow, connection_id)

    def of(self, kind: str) -> Table[Any]:
        table: Table[Any] = getattr(self, kind)
        return table

    def in_order(self) -> tuple[Table[Any], ...]:
        """Parents before children, as foreign keys need it."""
        return (
            self.customer,
            self.subscription,
            self.invoice,
            self.payment,
            self.refund,
            self.payout,
        )
