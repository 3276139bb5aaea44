"""
Lists that people bring as files: statements of a bank, and of any system that cannot be asked.

A file is read whole before anything of it is kept: one wrong row refuses all of it, row by row in
words. Read twice, it changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from connectors import registry
from connectors.contract import SnapshotRow
from connectors.models import Connection
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.kernel.money import AmountInvalid, Money
from revops.mappings.models import EntityMap, LegalEntity
from revops.reconciliation.models import Load
from revops.reconciliation.operations import holding
from revops.web import tables

ACTION: Final = "reconciliation.run"
LARGEST: Final = 5 * 1024 * 1024
MOST: Final = 50_000
NEEDED: Final = ("date", "amount", "currency")
KNOWN: Final = (*NEEDED, "reference", "party", "id", "entity", "tax", "state", "key")
# So many wrong rows are told; whoever sees these mends the others in one go.
_TOLD: Final = 100


class ListRefused(ValueError):
    """Nothing was kept. ``problems`` are (line of the file, sentence)."""

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        super().__init__(" ".join(text for _, text in problems[:3]))
        self.problems = list(problems)


def kinds_of(connection: Connection) -> Sequence[str]:
    """What a file may bring of this system."""
    manifest = registry.all_manifests().get(connection.connector)
    return manifest.lists if manifest is not None else ()


@recorded
def from_file(
    *, connection_id: int, kind: str, name: str, content: bytes, whole: bool, by: User
) -> Load:
    """
    Keep a file as the list of a system. ``whole``: it is all that there is of its days, so what is
    not on it is gone. Raises NotAllowed, OutOfScope, ListRefused.
    """
    by = authorize(by, ACTION)
    connection = Connection.objects.get(pk=connection_id)
    if kind not in kinds_of(connection):
        raise ListRefused([(0, f"{connection.label} has no list of “{kind}”.")])
    rows = read(name, content, kind=kind, connection=connection)
    entities = sorted({row.entity for row in rows})
    by = authorize(by, ACTION, entities=entities)
    with transaction.atomic():
        begun = Load.objects.create(
            connection=connection, kind=kind, starts=date.fromisoformat(min(r.dated for r in rows)),
            ends=date.fromisoformat(max(r.dated for r in rows)), began_at=clock.now(),
            by=by.name[:120],
        )  # fmt: skip
        holding.take(begun, (holding.line(row) for row in rows), whole=whole)
        record(
            "lists.brought", by=actor_of(by), kind="list", reference=f"{connection.slug}/{kind}",
            label=f"{begun.rows} rows of {connection.label}",
            after={"rows": begun.rows, "sha256": begun.sha256, "whole": whole},
        )  # fmt: skip
    return begun


def read(name: str, content: bytes, *, kind: str, connection: Connection) -> list[SnapshotRow]:
    """The file's rows. Raises ListRefused."""
    if len(content) > LARGEST:
        raise ListRefused([(0, f"The file is larger than {LARGEST // 1024 // 1024} MB.")])
    try:
        table = tables.read(name, content, most=MOST)
    except tables.FileRefused as error:
        raise ListRefused([(0, str(error))]) from error
    header = [cell.strip().lower().lstrip("\ufeff") for cell in table[0]] if table else []
    missing = [column for column in NEEDED if column not in header]
    if missing:
        words = f"The first row must name the columns. Missing: {', '.join(missing)}."
        raise ListRefused([(1, words)])
    if unknown := sorted(set(header) - set(KNOWN) - {""}):
        raise ListRefused([(1, f"Nobody knows the columns {', '.join(unknown)}.")])
    lines = [
        (number, dict(zip(header, (cell.strip() for cell in row), strict=False)))
        for number, row in enumerate(table[1:], start=2)
        if any(cell.strip() for cell in row)
    ]
    if not lines:
        raise ListRefused([(1, "The file has no rows.")])
    if len(lines) > MOST:
        raise ListRefused([(1, f"A file has at most {MOST:,} rows.")])
    return _rows(lines, kind, connection)


def _rows(
    lines: Sequence[tuple[int, Mapping[str, str]]], kind: str, connection: Connection
) -> list[SnapshotRow]:
    codes = set(LegalEntity.objects.values_list("code", flat=True))
    default = EntityMap.objects.filter(connection=connection, hint="").first()
    own = default.legal_entity.code if default is not None else ""
    problems: list[tuple[int, str]] = []
    rows: list[SnapshotRow] = []
    alike: Counter[str] = Counter()
    named: dict[str, int] = {}
    for number, cells in lines:
        try:
            row = _row(cells, kind, own, alike)
        except ValueError as error:
            problems.append((number, str(error)))
            continue
        if row.entity not in codes:
            words = f"“{row.entity[:24]}” is no legal entity." if row.entity else "Whose is it?"
            problems.append((number, f"{words} Name one in the column entity."))
        elif row.external_id in named:
            words = f"The id {row.external_id[:40]} is in line {named[row.external_id]}, too."
            problems.append((number, words))
        named.setdefault(row.external_id, number)
        rows.append(row)
    if problems:
        raise ListRefused(problems[:_TOLD])
    return rows


def _row(cells: Mapping[str, str], kind: str, own: str, alike: Counter[str]) -> SnapshotRow:
    """Raises ValueError with what is wrong, in a sentence."""
    dated = cells.get("date", "")[:10]
    try:
        date.fromisoformat(dated)
    except ValueError:
        raise ValueError(f"date is a day like 2026-11-30, not “{dated}”.") from None
    currency = cells.get("currency", "").upper()
    try:
        amount = Money.parse(cells.get("amount", ""), currency).minor
        tax = Money.parse(cells["tax"], currency).minor if cells.get("tax") else None
    except AmountInvalid as error:
        raise ValueError(str(error)) from error
    reference, party = cells.get("reference", ""), cells.get("party", "")
    identity = cells.get("id", "")
    if not identity:
        # The same line may stand twice on one statement: the second one is another payment.
        content = "|".join((dated, cells.get("amount", ""), currency, reference, party))
        alike[content] += 1
        identity = "row-" + sha256(f"{content}|{alike[content]}")[:32]
    return SnapshotRow(
        kind=kind, external_id=identity[:120], key=cells.get("key", ""), currency=currency,
        amount=amount, dated=dated, state=cells.get("state", "") or "booked",
        number=cells.get("id", ""), reference=reference, party=party,
        entity=cells.get("entity", "") or own, tax=tax,
    )  # fmt: skip
