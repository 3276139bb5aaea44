"""
Facts into Snowflake by its SQL API.

A load is two statements, each whole or not at all: its rows, which can be merged again without
harm, and then its key. A load whose key is not there counts as not loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from connectors import loads
from connectors.contract import (
    Command,
    Outcome,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.facts import Fact
from connectors.http import Client
from connectors.problem import Problem
from connectors.systems.snowflake import answers, listing, statements
from connectors.systems.snowflake.session import Result, Snowflake
from revops.kernel.strict_json import dumps

_ANSWERED: Final = (Outcome.OK, Outcome.ALREADY_DONE, Outcome.REFUSED)
_HELD_UP: Final = Receipt(
    Outcome.NOT_SENT, code="held_up", reason="A load before this one was not answered."
)


class SnowflakeConnector(loads.Warehouse):
    """A CommandSink, a SnapshotSource and a Probe."""

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """One after the other, up to the first that gets no clear answer."""
        try:
            snowflake = Snowflake(client, settings)
            held = await _held(snowflake, [command.key for command in commands])
        except Problem as problem:
            return [problem.receipt()] * len(commands)
        receipts: list[Receipt] = []
        for command in commands:
            if receipts and receipts[-1].outcome not in _ANSWERED:
                break
            known = held.get(command.key)
            if known is not None:
                receipts.append(loads.again(command, known))
                continue
            receipts.append(await loads.loaded(command, partial(_put, snowflake, command)))
        return receipts + [_HELD_UP] * (len(commands) - len(receipts))

    async def held(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, str]:
        return await _held(Snowflake(client, settings), keys)

    async def journals(
        self, client: Client, settings: Settings, *, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        snowflake = Snowflake(client, settings)
        return await listing.journals(snowflake, start=start, end=end, cursor=cursor)

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """Signs in and looks whether there is somewhere to load to; makes nothing."""
        steps: list[ProbeStep] = []
        try:
            snowflake = Snowflake(client, settings)
            version, role, warehouse = _row(await snowflake.ask(statements.WHO), 3)
            steps.append(ProbeStep("Sign in", True, f"Snowflake {version}, as the role {role}."))
            steps.append(_warehouse_step(warehouse))
            schema = str(settings.parameters.get("schema") or "")
            (count,) = _row(await snowflake.ask(statements.SCHEMA, schema), 1)
            steps.append(_schema_step(schema, there=count != "0"))
        except Problem as problem:
            label = "Look at the schema" if steps else "Sign in"
            steps.append(ProbeStep(label, False, problem.reason))
        return steps


async def _held(snowflake: Snowflake, keys: Sequence[str]) -> Mapping[str, str]:
    """Digests of the loads that are there, by their keys. Raises Problem."""
    found = await snowflake.ask_what_is_there(statements.HELD, dumps([*keys]))
    if any(len(row) != 2 for row in found.rows):
        raise answers.unclear(write=False)
    return {str(key): digest or "" for key, digest in found.rows}


async def _put(snowflake: Snowflake, command: Command, fact: Fact, load: loads.Load) -> None:
    """Raises Problem."""
    # What is absent is loaded as null, and a null within JSON is not SQL's.
    rows = [
        {name: value for name, value in row.items() if value is not None} for row in load.rows
    ]  # fmt: skip
    kept = (command.key, fact.name, len(rows), loads.digest(command.payload))
    merge = (statements.merge(fact), dumps(rows))
    try:
        await snowflake.write(*merge, key=f"{command.key}:rows")
    except Problem as problem:
        if problem.code not in (answers.NO_TABLE, answers.NO_COLUMN):
            raise
        await _make(snowflake, fact)
        await snowflake.write(*merge, key=f"{command.key}:rows")
    try:
        await snowflake.write(statements.KEEP, *kept, key=command.key)
    except Problem as problem:
        if problem.code != answers.NO_TABLE:
            raise
        await snowflake.ask(statements.MAKE_LOADS)
        await snowflake.write(statements.KEEP, *kept, key=command.key)


async def _make(snowflake: Snowflake, fact: Fact) -> None:
    """The table, and the columns that it does not have yet. Raises Problem."""
    await snowflake.ask(statements.make(fact))
    there = (await snowflake.ask(statements.look(fact))).columns
    missing = [column for column in fact.columns if column.name.upper() not in there]
    if missing:
        await snowflake.ask(statements.extend(fact, missing))


def _row(found: Result, size: int) -> tuple[str | None, ...]:
    if len(found.rows) != 1 or len(found.rows[0]) != size:
        raise answers.unclear(write=False)
    return found.rows[0]


def _warehouse_step(warehouse: str | None) -> ProbeStep:
    if warehouse:
        return ProbeStep("A warehouse to work with", True, f"{warehouse}.")
    reason = "None is named here, and the user has no default that the role may use."
    return ProbeStep("A warehouse to work with", False, reason)


def _schema_step(schema: str, *, there: bool) -> ProbeStep:
    if there:
        return ProbeStep(
            f"Sees the schema {schema}", True, "Its tables are made by the first load."
        )  # fmt: skip
    reason = (
        "It is not there, or the role may not use it. An administrator there runs: "
        f"GRANT USAGE, CREATE TABLE ON SCHEMA {schema} TO the role."
    )
    return ProbeStep(f"Sees the schema {schema}", False, reason)


connector = SnowflakeConnector(__file__)
