"""Facts into PostgreSQL: each load is one transaction that also keeps our key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import psycopg
from psycopg import sql
from psycopg.types.json import Json

from connectors import loads
from connectors.contract import (
    Command,
    Outcome,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.facts import FACTS, Fact
from connectors.http import Client
from connectors.problem import Problem
from connectors.systems.warehouse import listing, tables
from connectors.systems.warehouse.session import Link, connected, meaning, schema_of
from revops.kernel.strict_json import dumps

_SILENT: Final = "The warehouse did not answer."
_LATE: Final = Receipt(Outcome.TRANSIENT, code="late", reason=_SILENT)
_LOST: Final = "The connection broke before the warehouse said that it had kept these rows."
_BROKE: Final = "The connection to the warehouse broke; nothing of this load was kept."


class WarehouseConnector(loads.Warehouse):
    """A CommandSink, a SnapshotSource and a Probe."""

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """One transaction each, over one connection."""
        receipts: list[Receipt] = []
        try:
            async with connected(client, settings) as link:
                async with asyncio.timeout(client.timeout_s):
                    await _prepare(link, settings)
                for command in commands:
                    put = partial(_put, link, client, settings, command)
                    receipts.append(await loads.loaded(command, put))
        except TimeoutError:
            receipts += [_LATE] * (len(commands) - len(receipts))
        except Problem as problem:
            receipts += [problem.receipt()] * (len(commands) - len(receipts))
        return receipts

    async def held(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, str]:
        try:
            async with connected(client, settings) as link:
                with meaning(Outcome.TRANSIENT, _SILENT):
                    held = await link.execute(
                        sql.SQL("SELECT key, sha256 FROM {} WHERE key = ANY(%s)").format(
                            sql.Identifier(schema_of(settings), loads.TABLE)
                        ),
                        ([*keys],),
                    )
                    rows = await held.fetchall()
        except Problem as problem:
            if problem.code == "sql_42P01":  # the list of loads is not there: nothing was loaded
                return {}
            raise
        return {str(key): str(hash_) for key, hash_ in rows}

    async def journals(
        self, client: Client, settings: Settings, *, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        return await listing.journals(client, settings, start=start, end=end, cursor=cursor)

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """Signs in and looks what it may do; makes nothing."""
        schema = schema_of(settings)
        steps: list[ProbeStep] = []
        try:
            async with connected(client, settings) as link:
                version = link.info.server_version // 10_000
                trusted = "encrypted" if link.pgconn.ssl_in_use else "within a trusted network"
                steps.append(ProbeStep("Sign in", True, f"PostgreSQL {version}, {trusted}."))
                with meaning(Outcome.TRANSIENT, _SILENT):
                    answer = await link.execute(_MAY, (schema,))
                    row = await answer.fetchone()
                there, may_use, may_create = row or (False, False, False)
                steps.append(_schema_step(schema, there=there, may=may_use and may_create))
        except Problem as problem:
            steps.append(ProbeStep("Look at the schema" if steps else "Sign in", False,
                                   problem.reason))  # fmt: skip
        return steps


_MAY: Final = """
SELECT held.oid IS NOT NULL,
    coalesce(has_schema_privilege(held.oid, 'USAGE'), one.may),
    coalesce(has_schema_privilege(held.oid, 'CREATE'), one.may)
FROM (SELECT has_database_privilege(current_database(), 'CREATE') AS may) one
LEFT JOIN pg_namespace held ON held.nspname = %s
"""


async def _prepare(link: Link, settings: Settings) -> None:
    """Schema and tables, in a transaction of their own. Raises Problem."""
    schema = schema_of(settings)
    with meaning(Outcome.TRANSIENT, _BROKE):
        there = await link.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
        if await there.fetchone() is None:
            await link.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        held = await link.execute(_COLUMNS, (schema,))
        if not _wanted() <= {(table, column) for table, column in await held.fetchall()}:
            # Two workers may both find that something is missing; one makes it.
            await link.execute("SELECT pg_advisory_xact_lock(hashtext('revops-console-tables'))")
            await link.execute(tables.make(schema))
        await link.commit()


async def _put(
    link: Link, client: Client, settings: Settings, command: Command, fact: Fact, load: loads.Load
) -> str | None:
    """The digest of what is there under its key, if something is. Raises Problem."""
    schema, hash_ = schema_of(settings), loads.digest(command.payload)
    try:
        with meaning(Outcome.TRANSIENT, _BROKE):
            async with asyncio.timeout(client.timeout_s):
                known = await _claim(link, schema, command.key, fact.name, len(load.rows), hash_)
                if known is not None:
                    await link.rollback()
                    return known
                await link.execute(tables.upsert(schema, fact), (Json([*load.rows], dumps=dumps),))
        with meaning(Outcome.IN_DOUBT, _LOST):
            async with asyncio.timeout(client.timeout_s):
                await link.commit()
    except Problem:
        if not link.closed and not link.broken:
            with contextlib.suppress(psycopg.Error):
                await link.rollback()
        raise
    return None


_COLUMNS: Final = """
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s
"""


def _wanted() -> set[tuple[str, str]]:
    found = {(fact.name, column.name) for fact in FACTS.values() for column in fact.columns}
    return found | {(loads.TABLE, "key")}


async def _claim(link: Link, schema: str, key: str, fact: str, rows: int, hash_: str) -> str | None:
    """None when the key is new there; otherwise the hash of what was loaded under it."""
    table = sql.Identifier(schema, loads.TABLE)
    made = await link.execute(
        sql.SQL(
            "INSERT INTO {} (key, fact, rows, sha256) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (key) DO NOTHING RETURNING key"
        ).format(table),
        (key, fact, rows, hash_),
    )
    if await made.fetchone() is not None:
        return None
    held = await link.execute(sql.SQL("SELECT sha256 FROM {} WHERE key = %s").format(table), (key,))
    row = await held.fetchone()
    return str(row[0]) if row else ""


def _schema_step(schema: str, *, there: bool, may: bool) -> ProbeStep:
    label = f"May make tables in {schema}"
    if may:
        return ProbeStep(
            label, True, "The schema is there." if there else "It is made by the first load."
        )
    needed = (
        f"GRANT USAGE, CREATE ON SCHEMA {schema} TO our login"
        if there
        else f"CREATE SCHEMA {schema} AUTHORIZATION our login"
    )
    return ProbeStep(label, False, f"The login may not. An administrator there runs: {needed}.")


connector = WarehouseConnector(__file__)
