"""A database of its own on a server that is there, with a login that may do nothing else."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from connectors.facts import FACTS
from connectors.loads import TABLE


@dataclass(frozen=True, slots=True)
class Place:
    """``server`` is the address of somebody who may make databases and logins there."""

    server: str
    database: str
    login: str
    password: str
    schema: str = "revops"

    def socket(self) -> tuple[str, int]:
        """(folder of the socket or host, port) of the server."""
        found = conninfo_to_dict(self.server)
        return str(found.get("host") or "127.0.0.1"), int(found.get("port") or 5432)

    async def make(self) -> None:
        """What is not there yet; what is there keeps its rows. Raises psycopg.Error."""
        login = sql.Identifier(self.login)
        async with await self.owner() as link:
            with_password = sql.SQL("ROLE {} LOGIN PASSWORD {}").format(
                login, sql.Literal(self.password)
            )
            try:
                await link.execute(sql.SQL("CREATE {}").format(with_password))
            except errors.DuplicateObject:
                await link.execute(sql.SQL("ALTER {}").format(with_password))
            with contextlib.suppress(errors.DuplicateDatabase):
                await link.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(self.database), login
                    )
                )

    async def held(self) -> dict[str, int]:
        """How many rows each table holds; empty before the first load."""
        async with await self.link() as link:
            counts = {}
            for table in (*FACTS, TABLE):
                try:
                    found = await link.execute(
                        sql.SQL("SELECT count(*) FROM {}").format(
                            sql.Identifier(self.schema, table)
                        )
                    )
                except errors.UndefinedTable:
                    continue
                row = await found.fetchone()
                counts[table] = int(row[0]) if row else 0
            return counts

    async def journals(self, start: str, end: str) -> dict[str, dict[str, int]]:
        """By currency how many entries there are of these days, and what their lines debit."""
        entries, lines = (
            sql.Identifier(self.schema, name) for name in ("journal_entries", "journal_lines")
        )
        async with await self.link() as link:
            found = await link.execute(
                sql.SQL(
                    "SELECT held.currency, count(DISTINCT held.id), coalesce(sum(line.amount) "
                    "FILTER (WHERE line.amount > 0), 0)::bigint FROM {} held "
                    "LEFT JOIN {} line ON line.entry_id = held.id "
                    "WHERE held.accounting_date BETWEEN %s AND %s GROUP BY 1"
                ).format(entries, lines),
                (start, end),
            )
            return {code: {"count": count, "amount": amount}
                    for code, count, amount in await found.fetchall()}  # fmt: skip

    async def empty(self) -> None:
        """A schema that somebody else made is dropped by whoever may."""
        drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(self.schema))
        try:
            async with await self.link() as link:
                await link.execute(drop)
        except errors.InsufficientPrivilege:
            async with await self.owner(self.database) as link:
                await link.execute(drop)

    async def link(self) -> psycopg.AsyncConnection[Any]:
        """As its own login, which owns the database."""
        host, port = self.socket()
        return await psycopg.AsyncConnection.connect(
            host=host, port=port, dbname=self.database, user=self.login, password=self.password,
            autocommit=True, connect_timeout=5,
        )  # fmt: skip

    async def owner(self, database: str = "") -> psycopg.AsyncConnection[Any]:
        """As whoever may make databases and logins, in a database that is there."""
        asked: dict[str, Any] = {"dbname": database} if database else {}
        return await psycopg.AsyncConnection.connect(
            self.server, autocommit=True, connect_timeout=5, **asked
        )
