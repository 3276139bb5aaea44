"""What the sandbox holds, and reading it by Tryton's domains and dotted field names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors.systems.tryton.sandbox.refused import Page

Record = dict[str, Any]
# Where a dotted name leads: field → model, and those that differ from one model to the next.
_LINKS: Mapping[str, str] = {
    "addresses": "party.address",
    "account": "account.account",
    "company": "company.company",
    "currency": "currency.currency",
    "identifiers": "party.identifier",
    "invoice_payment": "account.invoice",
    "journal": "account.journal",
    "lines": "account.move.line",
    "lines_to_pay": "account.move.line",
    "move": "account.move",
    "party": "party.party",
    "payment_lines": "account.move.line",
    "period": "account.period",
    "reconciliation": "account.move.reconciliation",
    "second_currency": "currency.currency",
    "taxes": "account.invoice.tax",
    "type": "account.account.type",
}
_LINKS_OF: Mapping[tuple[str, str], str] = {("account.invoice", "lines"): "account.invoice.line"}
Tables = Mapping[str, Mapping[int, Record]]


def target(model: str, field: str) -> str:
    """The model that a field of a model leads to. Raises Page(500)."""
    found = _LINKS_OF.get((model, field)) or _LINKS.get(field)
    if found is None:
        raise Page(500, f"'{field}'")
    return found


def select(
    tables: Tables, model: str, rows: Iterable[Record], domain: Sequence[Any]
) -> list[Record]:
    """The rows that a domain admits. Raises Page(500) for a field that does not exist."""
    fits = _clause(tables, model, domain)
    return [row for row in rows if fits(row)]


def named(domain: Sequence[Any]) -> Iterator[str]:
    """The fields of the searched model that a domain speaks of."""
    if domain and isinstance(domain[0], str) and domain[0] not in ("OR", "AND"):
        yield domain[0].partition(".")[0]
    else:
        for part in domain:
            if not isinstance(part, str):
                yield from named(part)


def plain(value: Any) -> Any:
    """Wire forms as comparable values: dates as (year, month, day), decimals as their text."""
    if isinstance(value, dict):
        if value.get("__class__") == "date":
            return (value["year"], value["month"], value["day"])
        return value.get("decimal")
    return value


def _clause(tables: Tables, model: str, domain: Sequence[Any]) -> Callable[[Record], bool]:
    if domain and isinstance(domain[0], str) and domain[0] not in ("OR", "AND"):
        return _comparison(tables, model, domain)
    either = bool(domain) and domain[0] == "OR"
    parts = [_clause(tables, model, part) for part in domain if part not in ("OR", "AND")]
    if either:
        return lambda row: any(part(row) for part in parts)
    return lambda row: all(part(row) for part in parts)


def _comparison(tables: Tables, model: str, clause: Sequence[Any]) -> Callable[[Record], bool]:
    name, operator, wanted = clause
    path = name.split(".")
    test = _OPERATORS.get(operator)
    if test is None:
        raise Page(500, f"'{operator}'")
    compare = test(wanted)
    return lambda row: any(compare(plain(value)) for value in _values(tables, model, row, path))


def _values(tables: Tables, model: str, row: Record, path: Sequence[str]) -> Iterable[Any]:
    if path[0] not in row:
        raise Page(500, f"'{path[0]}'")
    value = row[path[0]]
    if len(path) == 1:
        return (value,)
    leads_to = target(model, path[0])
    ids = value if isinstance(value, list) else [value] if value is not None else []
    rows = (tables[leads_to][id_] for id_ in ids)
    return (deep for found in rows for deep in _values(tables, leads_to, found, path[1:]))


def _like(pattern: str) -> Callable[[Any], bool]:
    parts = (re.escape(part) for part in pattern.split("%"))
    expression = re.compile(".*".join(parts).replace("_", "."), re.DOTALL)
    return lambda value: isinstance(value, str) and bool(expression.fullmatch(value))


def _among(wanted: Any) -> Callable[[Any], bool]:
    values = {plain(value) for value in wanted}
    return lambda value: value in values


_OPERATORS: Mapping[str, Callable[[Any], Callable[[Any], bool]]] = {
    "=": lambda wanted: lambda value: value == plain(wanted),
    "!=": lambda wanted: lambda value: value != plain(wanted),
    "<": lambda wanted: lambda value: value < plain(wanted),
    "<=": lambda wanted: lambda value: value <= plain(wanted),
    ">": lambda wanted: lambda value: value > plain(wanted),
    ">=": lambda wanted: lambda value: value >= plain(wanted),
    "in": _among,
    "like": _like,
}


class Reader:
    """Reads the same fields of many records: dotted names nest under ``"name."``."""

    def __init__(self, tables: Tables, model: str, names: Iterable[str]) -> None:
        self._plain = ["id"]
        nested: dict[str, list[str]] = {}
        for name in names:
            head, _, rest = name.partition(".")
            if rest:
                nested.setdefault(head, []).append(rest)
            elif head not in self._plain:
                self._plain.append(head)
        self._nested = [
            (head, f"{head}.", tables[model], Reader(tables, model, rest))
            for head, model, rest in ((h, target(model, h), rest) for h, rest in nested.items())
        ]

    def read(self, row: Record) -> Record:
        try:
            found = {name: row[name] for name in self._plain}
        except KeyError as error:
            raise Page(500, f"'{error.args[0]}'") from error
        for head, key, table, reader in self._nested:
            value = row[head]
            if isinstance(value, list):
                found[key] = [reader.read(table[id_]) for id_ in value]
            else:
                found[key] = None if value is None else reader.read(table[value])
        return found
