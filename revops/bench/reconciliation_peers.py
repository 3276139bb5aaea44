"""
The tools that people compare two tables with, over the same rows: installed for the moment into an
environment that is thrown away. What cannot be installed or does not end is said, and never waited
for longer than a few minutes.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction

from revops.store import sql

_INSTALL_SECONDS: Final = 300
_RUN_SECONDS: Final = 300

# Each ends in a line of JSON. The rows differ in any of five columns, or are on one side only.
_DUCKDB: Final = """
import duckdb
db = duckdb.connect()
one, other = (f"read_csv('{path}')" for path in (left, right))
found = db.execute(f'''
    SELECT count(*) FROM (SELECT * FROM {one}) l
    FULL JOIN (SELECT key, count(*) AS many, any_value(amount) AS amount, any_value(tax) AS tax,
        any_value(currency) AS currency, any_value(dated) AS dated, any_value(state) AS state
        FROM {other} GROUP BY key) r USING (key)
    WHERE l.amount IS NULL OR r.amount IS NULL OR r.many > 1 OR l.amount <> r.amount
        OR l.tax <> r.tax OR l.currency <> r.currency OR l.dated <> r.dated
        OR l.state <> r.state''').fetchone()[0]
"""
_POLARS: Final = """
import polars
from datacompy import PolarsCompare
sides = [polars.read_csv(path) for path in (left, right)]
compared = PolarsCompare(*sides, join_columns='key')
found = (len(compared.df1_unq_rows) + len(compared.df2_unq_rows)
    + len(compared.all_mismatch()))
"""
_RELADIFF: Final = """
from reladiff import connect_to_table, diff_tables
columns = ('amount', 'tax', 'currency', 'dated', 'state')
sides = [connect_to_table(server, table, 'key', extra_columns=columns)
    for table in ('bench_left', 'bench_right')]
found = sum(1 for _ in diff_tables(*sides))
"""
_PEERS: Final = (
    ("duckdb, from CSV", ("duckdb",), _DUCKDB),
    ("datacompy on polars, from CSV", ("polars", "datacompy[polars]"), _POLARS),
    (
        "reladiff, hashdiff, without what is there twice",
        ("reladiff[postgresql]", "psycopg2-binary"),
        _RELADIFF,
    ),
)
# It stops at a key that is there twice.
_ONCE: Final = (
    "DELETE FROM {table} AS one USING {table} AS other "
    "WHERE one.key = other.key AND one.ctid > other.ctid"
)
_BEGINS: Final = '{"seconds"'
_AROUND: Final = """
import json, resource, time
left, right, server = {left!r}, {right!r}, {server!r}
started = time.perf_counter()
{work}
print(json.dumps({{"seconds": round(time.perf_counter() - started, 2), "found": found,
    "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}}))
"""


def measure(*, left: str, right: str) -> dict[str, Any]:
    """
    By tool: seconds, memory, and how many rows it found to differ; or why there is no figure.
    ``left`` and ``right`` are SELECTs of key, amount, tax, currency, dated, state.
    """
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108  beside the database
        home = Path(folder)
        for name, select in (("left", left), ("right", right)):
            sql.once(f"DROP TABLE IF EXISTS bench_{name}")
            sql.once(f"CREATE TABLE bench_{name} AS {select}")
            sql.once(f"CREATE INDEX ON bench_{name} (key)")
            _write(home / f"{name}.csv", name)
            sql.once(_ONCE.format(table=f"bench_{name}"))
        try:
            return {name: _one(home, needs, work) for name, needs, work in _PEERS}
        finally:
            sql.once("DROP TABLE bench_left, bench_right")


def _write(path: Path, name: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file, transaction.atomic():
        lines = csv.writer(file)
        lines.writerow(("key", "amount", "tax", "currency", "dated", "state"))
        for rows in sql.stream(f"SELECT * FROM bench_{name} ORDER BY key"):  # noqa: S608  our own literals
            lines.writerows(rows)


def _one(home: Path, needs: tuple[str, ...], work: str) -> dict[str, Any]:
    python = home / "environment" / "bin" / "python"
    script = _AROUND.format(
        left=str(home / "left.csv"), right=str(home / "right.csv"), server=_server(), work=work
    )
    try:
        if not python.exists():
            _call([sys.executable, "-m", "venv", str(python.parents[1])], _INSTALL_SECONDS)
        _call([str(python), "-m", "pip", "install", "--quiet", *needs], _INSTALL_SECONDS)
        told = _call([str(python), "-c", script], _RUN_SECONDS)
    except subprocess.TimeoutExpired as late:
        return {"no_figure": f"did not end within {late.timeout:.0f} s"}
    except subprocess.CalledProcessError as failed:
        last = (failed.stderr or failed.stdout or "").strip().splitlines()
        return {"no_figure": last[-1][:200] if last else "could not be had"}
    # Some draw a bar of their progress before it.
    _, found, figures = told.rpartition(_BEGINS)
    return dict(json.loads(found + figures)) if found else {"no_figure": "told none"}


def _call(command: list[str], seconds: int) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds, cwd="/"
    )
    return done.stdout


def _server() -> dict[str, Any]:
    """The bench's own server, as a library outside Django is told it."""
    given = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return {"driver": "postgresql", **{name: given[name] for name in names if given.get(name)}}
