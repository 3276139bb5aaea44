"""The sandbox's books: moves are drafted, posted with gapless numbers, and then never change."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from connectors.systems.tryton.sandbox import chart, checks
from connectors.systems.tryton.sandbox.records import Reader, Record, named, plain, select
from connectors.systems.tryton.sandbox.refused import AccessError, Crash, Page, UserError

# What the console's keys are long: descriptions are indexed by that much of their start.
_KEY_LENGTH = 36
_COMPANIES = range(1, len(chart.COMPANIES) + 1)
# Of the models that may be empty, where no record tells.
_FIELDS: Mapping[str, Set[str]] = {
    "account.move": frozenset((
        "id", "company", "journal", "period", "date", "description", "state", "number",
        "post_date", "lines",
    )),
    "party.party": frozenset(("id", "code", "name", "active", "replaced_by", "identifiers")),
}  # fmt: skip


class Ledger:
    """Tables by model, and the methods that change them. Every method is all or nothing."""

    def __init__(self, years: Iterable[int] = chart.YEARS) -> None:
        self.tables: dict[str, dict[int, Record]] = {
            "currency.currency": _table(
                code=[currency for _, _, currency, _ in chart.COMPANIES],
                digits=[chart.DIGITS for _ in chart.COMPANIES],
            ),
            "company.company": _table(
                rec_name=[name for _, name, _, _ in chart.COMPANIES],
                currency=list(_COMPANIES),
                party=list(_COMPANIES),
            ),
            "account.account": _accounts(),
            "account.period": _periods(years),
            "account.journal": _table(
                code=[code for code, _ in chart.JOURNALS], name=[name for _, name in chart.JOURNALS]
            ),
            "party.party": {},
            "party.identifier": {},
            "account.move": {},
            "account.move.line": {},
        }
        self.unique_parties = True
        self._next: dict[str, int] = {}
        self._numbers: dict[tuple[int, int], int] = {}
        self._by_start: dict[str, list[int]] = {}
        # Journal-periods come into being with their first move and are closed with their period.
        self._journal_periods: dict[tuple[int, int], str] = {}
        self.create_parties([{"code": code, "name": name} for code, name, _, _ in chart.COMPANIES])

    def table(self, model: str) -> dict[int, Record]:
        return self.tables[model]

    def search_read(
        self, model: str, domain: Sequence[Any], names: Sequence[str], limit: int | None
    ) -> list[Record]:
        for name in named(domain):
            if name not in _FIELDS.get(model, {name}):
                raise Page(500, f"'{name}'")
        rows = select(self.tables, self._candidates(model, domain), domain)
        rows.sort(key=lambda row: int(row["id"]))
        reader = Reader(self.tables, names)
        return [reader.read(row) for row in rows[:limit]]

    def _candidates(self, model: str, domain: Sequence[Any]) -> Iterable[Record]:
        """An index instead of a scan for the two questions that are asked all the time."""
        table = self.tables[model]
        for clause in [domain] if domain[:1] == ["OR"] else domain:
            match clause:
                case ["id", "in", list() as ids]:
                    return [table[id_] for id_ in ids if id_ in table]
                case ["OR", *patterns] if model == "account.move":
                    starts = [_start(pattern) for pattern in patterns]
                    if all(starts):
                        found = {id_ for start in starts for id_ in self._by_start.get(start, ())}
                        return [table[id_] for id_ in found]
        return table.values()

    def create_moves(self, values: Sequence[Mapping[str, Any]]) -> list[int]:
        """Drafts; none of them when one is refused."""
        first = self._next.get("account.move", 1)
        for offset, value in enumerate(values):
            checks.move(self, value, f"({first + offset})")
        return [self._insert_move(value) for value in values]

    def _insert_move(self, value: Mapping[str, Any]) -> int:
        lines = [
            self._insert(
                "account.move.line",
                {
                    "account": line["account"],
                    "debit": line["debit"],
                    "credit": line["credit"],
                    "party": line.get("party"),
                    "description": line.get("description"),
                },
            )
            for line in checks.lines(value)
        ]
        move = self._insert(
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
            },
        )
        start = str(value.get("description") or "")[:_KEY_LENGTH]
        self._by_start.setdefault(start, []).append(move)
        self._journal_periods.setdefault((value["journal"], value["period"]), "open")
        return move

    def journal_period_is_closed(self, journal: int, period: int) -> bool:
        return self._journal_periods.get((journal, period)) == "closed"

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
        today = datetime.now(UTC).date()
        for id_ in ids:
            move = moves[id_]
            year = plain(move["date"])[0]
            sequence = (move["company"], year)
            self._numbers[sequence] = self._numbers.get(sequence, 0) + 1
            move["number"] = f"{year}/{self._numbers[sequence]:06d}"
            move["state"] = "posted"
            move["post_date"] = {
                "__class__": "date", "year": today.year, "month": today.month, "day": today.day,
            }  # fmt: skip

    def delete_move(self, id_: int) -> bool:
        """False when there is none."""
        move = self.table("account.move").get(id_)
        if move is None:
            return False
        if move["state"] == "posted":
            raise AccessError(f'You cannot modify posted move "{move["number"]}".')
        for line in move["lines"]:
            del self.table("account.move.line")[line]
        self._by_start[str(move["description"] or "")[:_KEY_LENGTH]].remove(id_)
        del self.table("account.move")[id_]
        return True

    def create_parties(self, values: Sequence[Mapping[str, Any]]) -> list[int]:
        codes = [row["code"] for row in self.table("party.party").values()]
        wanted = [value.get("code") for value in values]
        known = set(codes)
        if self.unique_parties and (len(set(wanted)) < len(wanted) or known & set(wanted)):
            raise UserError("The code on party must be unique.")
        return [
            self._insert(
                "party.party",
                {
                    "code": value.get("code") or str(self._next.get("party.party", 1)),
                    "name": value.get("name"),
                    "active": True,
                    "replaced_by": None,
                    "identifiers": [],
                },
            )
            for value in values
        ]

    def set_period(self, name: str, state: str) -> None:
        """Close or reopen, in all companies. Drafts keep a period from being closed."""
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
        for key in self._journal_periods:
            if key[1] in ids:
                self._journal_periods[key] = state

    def _insert(self, model: str, values: Record) -> int:
        id_ = self._next.get(model, 1)
        self._next[model] = id_ + 1
        self.tables[model][id_] = {"id": id_, **values}
        return id_


def _start(pattern: Any) -> str:
    """The indexed start of ``["description", "like", "<key>…%"]``; "" when there is none."""
    match pattern:
        case ["description", "like", str() as text] if text.endswith("%"):
            start = text[:-1][:_KEY_LENGTH]
            return start if len(start) == _KEY_LENGTH and not set(start) & {"%", "_"} else ""
    return ""


def _table(**columns: Sequence[Any]) -> dict[int, Record]:
    rows = zip(*columns.values(), strict=True)
    return {
        number: {"id": number, **dict(zip(columns, row, strict=True))}
        for number, row in enumerate(rows, start=1)
    }


def _accounts() -> dict[int, Record]:
    places = [(company, *account) for company in _COMPANIES for account in chart.ACCOUNTS]
    return _table(
        code=[code for _, code, _, _ in places],
        name=[name for _, _, name, _ in places],
        type=[1] * len(places),
        party_required=[code in chart.PARTY_REQUIRED for _, code, _, _ in places],
        closed=[False] * len(places),
        company=[company for company, _, _, _ in places],
    )


def _periods(years: Iterable[int]) -> dict[int, Record]:
    months = [(c, year, month) for year in years for month in range(1, 13) for c in _COMPANIES]
    return _table(
        name=[f"{year:04d}-{month:02d}" for _, year, month in months],
        start_date=[_date(year, month, 1) for _, year, month in months],
        end_date=[_date(y, m, calendar.monthrange(y, m)[1]) for _, y, m in months],
        state=["open"] * len(months),
        type=["standard"] * len(months),
        company=[company for company, _, _ in months],
    )


def _date(year: int, month: int, day: int) -> dict[str, Any]:
    return {"__class__": "date", "year": year, "month": month, "day": day}
