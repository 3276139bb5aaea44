"""The sandbox's books: moves are drafted, posted with gapless numbers, and then never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from connectors.systems.tryton.sandbox import chart, checks, parties, tables
from connectors.systems.tryton.sandbox.records import Reader, Record, named, plain, select
from connectors.systems.tryton.sandbox.refused import AccessError, Crash, Page, UserError

# What the console's keys are long: descriptions are indexed by that much of their start.
_KEY_LENGTH = 36
# What is indexed by its start: the field that our keys lead.
_KEYED = {"account.move": "description", "account.invoice": "reference"}
# Of the models that may be empty, where no record tells.
_FIELDS: Mapping[str, Set[str]] = {
    "account.move": frozenset((
        "id", "company", "journal", "period", "date", "description", "state", "number",
        "post_date", "lines", "origin",
    )),
    "account.invoice": frozenset((
        "id", "company", "type", "state", "number", "reference", "description", "party",
        "invoice_address", "currency", "journal", "account", "accounting_date", "invoice_date",
        "move", "lines", "taxes", "total_amount", "amount_to_pay", "lines_to_pay", "payment_lines",
        "payment_term_date",
    )),
    "account.journal.period": frozenset(("id", "journal", "period", "state")),
    "party.address": frozenset(
        ("id", "party", "invoice", "street", "postal_code", "city", "country")
    ),
    "party.identifier": frozenset(("id", "party", "type", "code", "active")),
    "party.party": frozenset((
        "id", "code", "name", "active", "replaced_by", "identifiers", "addresses",
    )),
}  # fmt: skip


class Ledger:
    """Tables by model, and the methods that change them. Every method is all or nothing."""

    def __init__(self, years: Iterable[int] = chart.YEARS) -> None:
        self.tables = tables.first(years)
        self.unique_parties = True
        self._next: dict[str, int] = {}
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._by_start: dict[tuple[str, str], list[int]] = {}
        # Journal-periods come into being with their first move and are closed with their period.
        self._journal_periods: dict[tuple[int, int], int] = {}
        parties.create(self, [{"code": code, "name": name} for code, name, _, _ in chart.COMPANIES])

    def table(self, model: str) -> dict[int, Record]:
        return self.tables[model]

    def search_read(
        self, model: str, domain: Sequence[Any], names: Sequence[str], limit: int | None
    ) -> list[Record]:
        for name in named(domain):
            if name not in _FIELDS.get(model, {name}):
                raise Page(500, f"'{name}'")
        rows = select(self.tables, model, self._candidates(model, domain), domain)
        if "active" not in named(domain):
            # Tryton shows what is not active only to who asks for it.
            rows = [row for row in rows if row.get("active", True)]
        rows.sort(key=lambda row: int(row["id"]))
        reader = Reader(self.tables, model, names)
        return [reader.read(row) for row in rows[:limit]]

    def _candidates(self, model: str, domain: Sequence[Any]) -> Iterable[Record]:
        """An index instead of a scan for the questions that are asked all the time."""
        table = self.tables[model]
        for clause in [domain] if domain[:1] == ["OR"] else domain:
            match clause:
                case ["id", "in", list() as ids]:
                    return [table[id_] for id_ in ids if id_ in table]
                case ["OR", *patterns] if model in _KEYED:
                    starts = [(model, _start(pattern, _KEYED[model])) for pattern in patterns]
                    if all(start for _, start in starts):
                        found = {id_ for start in starts for id_ in self._by_start.get(start, ())}
                        return [table[id_] for id_ in found]
                case ["move", "in", list() as ids] if model == "account.invoice":
                    return self._of_moves(ids)
                case ["move.lines.id", "in", list() as ids] if model == "account.invoice":
                    lines = self.tables["account.move.line"]
                    return self._of_moves({lines[id_]["move"] for id_ in ids})
                case ["move", "in", list() as ids] if model == "account.move.line":
                    moves = self.tables["account.move"]
                    return [table[line] for id_ in ids for line in moves[id_]["lines"]]
        return table.values()

    def _of_moves(self, ids: Iterable[int]) -> list[Record]:
        """The invoices that moves belong to."""
        of = {origin(self.tables["account.move"][id_]) for id_ in ids}
        return [self.tables["account.invoice"][id_] for id_ in of if id_]

    def create_moves(self, values: Sequence[Mapping[str, Any]]) -> list[int]:
        """Drafts; none of them when one is refused."""
        first = self._next.get("account.move", 1)
        for offset, value in enumerate(values):
            checks.move(self, value, f"({first + offset})")
        return [self.insert_move(value) for value in values]

    def insert_move(self, value: Mapping[str, Any], *, of: int | None = None) -> int:
        """``of``: the invoice that it belongs to."""
        lines = [
            self.insert(
                "account.move.line",
                {
                    "account": line["account"],
                    "debit": line["debit"],
                    "credit": line["credit"],
                    "party": line.get("party"),
                    "description": line.get("description"),
                    "second_currency": line.get("second_currency"),
                    "amount_second_currency": line.get("amount_second_currency"),
                    "invoice_payment": None,
                    "reconciliation": None,
                },
            )
            for line in checks.made(value, "lines")
        ]
        move = self.insert(
            "account.move",
            {
                "company": value["company"],
                "journal": value["journal"],
                "period": value["period"],
                "date": value["date"],
                "description": value.get("description"),
                "state": "draft",
                "number": None,
                "post_date": None,
                # Tryton lists the youngest line first.
                "lines": lines[::-1],
                "origin": f"account.invoice,{of}" if of else None,
            },
        )
        for line in lines:
            self.table("account.move.line")[line]["move"] = move
        place = {"journal": value["journal"], "period": value["period"]}
        if tuple(place.values()) not in self._journal_periods:
            number = self.insert("account.journal.period", place | {"state": "open"})
            self._journal_periods[value["journal"], value["period"]] = number
        return move

    def journal_period_is_closed(self, journal: int, period: int) -> bool:
        number = self._journal_periods.get((journal, period))
        rows = self.table("account.journal.period")
        return number is not None and rows[number]["state"] == "closed"

    def next_number(self, *sequence: Any) -> int:
        """Without gaps: call it when nothing can go wrong any more."""
        self._numbers[sequence] = self._numbers.get(sequence, 0) + 1
        return self._numbers[sequence]

    def post(self, ids: Sequence[int]) -> None:
        """Numbers in the order given, without gaps; nothing when one of them is refused."""
        moves = self.table("account.move")
        for id_ in ids:
            if id_ not in moves:
                raise AccessError(
                    f'You are trying to read records "{id_}" of "Account Move" that don\'t exist.'
                )
            move = moves[id_]
            if move["state"] == "posted":
                name = move["number"]
                raise UserError(f'You can not call "post" on "{name}" of "Account Move".')
        if len({moves[id_]["company"] for id_ in ids}) > 1:
            raise Crash(f'"account.move,{ids[0]}" has no attribute "select"')
        for id_ in ids:
            checks.balanced(self, moves[id_])
        for id_ in ids:
            move = moves[id_]
            year = plain(move["date"])[0]
            move["number"] = f"{year}/{self.next_number('move', move['company'], year):06d}"
            move["state"] = "posted"
            move["post_date"] = today()

    def delete_move(self, id_: int) -> bool:
        """False when there is none."""
        move = self.table("account.move").get(id_)
        if move is None:
            return False
        if move["state"] == "posted":
            raise AccessError(f'You cannot modify posted move "{move["number"]}".')
        for line in move["lines"]:
            del self.table("account.move.line")[line]
        self.remove("account.move", id_)
        return True

    def set_period(self, name: str, state: str, *, journals: bool = True) -> None:
        """
        Close or reopen, in all companies, with the journals' parts of it unless told otherwise.
        Drafts of moves keep a period from being closed.
        """
        periods = [row for row in self.table("account.period").values() if row["name"] == name]
        if not periods or state not in ("open", "closed"):
            raise ValueError(f"There is no period {name}, or it cannot become “{state}”.")
        ids = {period["id"] for period in periods}
        moves = self.table("account.move").values()
        drafts = [
            f"({move['id']})"
            for move in moves
            if move["state"] == "draft" and move["period"] in ids
        ]
        if state == "closed" and drafts:
            names = ", ".join(drafts[:5])
            raise UserError(f'To close period "{name}" you must post the moves "{names}".')
        for period in periods:
            period["state"] = state
        for row in self.table("account.journal.period").values():
            if journals and row["period"] in ids:
                row["state"] = state

    def insert(self, model: str, values: Record) -> int:
        id_ = self._next.get(model, 1)
        self._next[model] = id_ + 1
        self.tables[model][id_] = {"id": id_, **values}
        if model in _KEYED:
            self._by_start.setdefault(_indexed(model, values), []).append(id_)
        return id_

    def remove(self, model: str, id_: int) -> None:
        row = self.tables[model].pop(id_)
        if model in _KEYED:
            self._by_start[_indexed(model, row)].remove(id_)


def today() -> dict[str, Any]:
    day = datetime.now(UTC).date()
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def origin(move: Record) -> int | None:
    """The invoice that a move belongs to."""
    return int(str(move["origin"]).partition(",")[2]) if move["origin"] else None


def _indexed(model: str, row: Record) -> tuple[str, str]:
    return model, str(row[_KEYED[model]] or "")[:_KEY_LENGTH]


def _start(pattern: Any, field: str) -> str:
    """The indexed start of ``[field, "like", "<key>…%"]``; "" when there is none."""
    match pattern:
        case [str() as name, "like", str() as text] if name == field and text.endswith("%"):
            start = text[:-1][:_KEY_LENGTH]
            return start if len(start) == _KEY_LENGTH and not set(start) & {"%", "_"} else ""
    return ""
