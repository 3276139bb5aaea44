"""
A queryset whose statement is written once and then only run. What every request asks for would
else be put together by the ORM each time, which takes ten times as long as PostgreSQL's answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from django.db.models import QuerySet

from revops.store import sql

# What stands for a value while the statement is written: nothing else in a queryset looks so.
_NUMBER: Final = -2_147_483_000
_INSTANT: Final = datetime(1900, 1, 1, tzinfo=UTC)


class Prepared:
    """
    ``Prepared(lambda who, at: Held.objects.filter(…).values_list(…), who=int, at=datetime)``.

    ``rows(who=…, at=…)`` gives plain tuples in the order of ``values_list``, as psycopg reads them:
    the converters of Django's fields do not run. Values are of type ``int`` or ``datetime`` (aware)
    and are compared with columns as they are. The queryset may not depend on anything else.
    Errors are psycopg's.
    """

    def __init__(
        self, build: Callable[..., QuerySet[Any, Any]], **slots: type[int] | type[datetime]
    ) -> None:
        self._build = build
        self._slots = slots

    def rows(self, **values: int | datetime) -> list[tuple[Any, ...]]:
        """The rows for these values. Raises KeyError for a slot that has none."""
        statement, places = self._written
        return sql.tuples(
            statement, [_as(fixed, values[name]) if name else fixed for name, fixed in places]
        )

    @cached_property
    def _written(self) -> tuple[str, list[tuple[str, Any]]]:
        """The statement, and for each of its places the slot it belongs to or what stands there."""
        stand_ins: dict[str, Any] = {
            name: _NUMBER + at if kind is int else _INSTANT.replace(microsecond=at + 1)
            for at, (name, kind) in enumerate(self._slots.items())
        }
        statement, params = self._build(**stand_ins).query.sql_with_params()
        places = [
            (next((name for name, stand_in in stand_ins.items() if one == stand_in), ""), one)
            for one in params
        ]
        missing = stand_ins.keys() - {name for name, _ in places}
        if missing:
            raise ValueError(f"The statement does not ask for {', '.join(sorted(missing))}.")
        return statement, places


def _as(stand_in: Any, value: int | datetime) -> Any:
    """The value in the type that Django gave its stand-in, which tells PostgreSQL its own."""
    if isinstance(stand_in, int) and isinstance(value, int):
        return type(stand_in)(value)
    return value
