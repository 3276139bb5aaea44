"""The machine's own limits, measured in the same run as our figures."""

from __future__ import annotations

import threading
import time

import psycopg
from django.db import connection


def single_row_commits(*, clients: int, seconds: float) -> float:
    """Durable single-row inserts a second, each its own transaction, from ``clients`` threads."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_limit")
        cursor.execute(
            "CREATE TABLE bench_limit (id bigserial PRIMARY KEY, key text UNIQUE, body text)"
        )
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    done = [0] * clients

    def client(number: int) -> None:
        with psycopg.connect(**parameters, autocommit=True) as raw:
            body = "x" * 300
            until = time.perf_counter() + seconds
            count = 0
            while time.perf_counter() < until:
                raw.execute(
                    "INSERT INTO bench_limit (key, body) VALUES (%s, %s)",
                    (f"{number}-{count}", body),
                    prepare=True,
                )
                count += 1
            done[number] = count

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_limit")
    return sum(done) / elapsed
