"""One connection to the warehouse, and what its errors mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.rows import TupleRow

from connectors.contract import Outcome, Settings
from connectors.http import Client, NotSent
from connectors.problem import Problem

Link = psycopg.AsyncConnection[TupleRow]
_PATIENCE_S: Final = 30
# While it lets nobody in, PostgreSQL tells why in words alone, and not until when.
_CROWDED: Final = ("too many clients", "too many connections", "connection slots are reserved")
_CROWDED_S: Final = 10
_OURS: Final = (
    errors.InvalidPassword,
    errors.InvalidAuthorizationSpecification,
    errors.InsufficientPrivilege,
    errors.InvalidCatalogName,
    errors.InvalidSchemaName,
)
_BUSY: Final = (
    errors.CannotConnectNow,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DiskFull,
    errors.ReadOnlySqlTransaction,
    errors.InsufficientResources,
)


def schema_of(settings: Settings) -> str:
    return str(settings.parameters.get("schema") or "revops")


@asynccontextmanager
async def connected(client: Client, settings: Settings) -> AsyncIterator[Link]:
    """
    Encrypted and of the right certificate, unless the operator trusts the network. Raises Problem:
    nothing was sent then.
    """
    try:
        address, port, trusted = await client.reach()
    except NotSent as error:
        raise Problem(Outcome.NOT_SENT, "not_sent", error.reason) from error
    found: dict[str, Any] = {
        "host": client.host,
        "hostaddr": address,
        "port": port,
        "dbname": str(settings.parameters.get("database") or "warehouse"),
        "user": str(settings.parameters.get("login") or "revops"),
        "password": settings.secrets.get("password", ""),
        "connect_timeout": 5,
        "application_name": "revops-console",
        "sslmode": "prefer" if trusted else "verify-full",
        "options": f"-c statement_timeout={_PATIENCE_S * 1000} -c lock_timeout=10000",
    }
    if not trusted:
        found["sslrootcert"] = "system"
    with meaning(Outcome.NOT_SENT, "The warehouse could not be reached."):
        async with asyncio.timeout(client.timeout_s):
            link = await psycopg.AsyncConnection.connect(**found)
    try:
        yield link
    finally:
        await asyncio.shield(link.close())


@contextmanager
def meaning(otherwise: Outcome, sentence: str) -> Iterator[None]:
    """What PostgreSQL says, as a Problem; ``otherwise`` for a connection that broke."""
    try:
        yield
    except _OURS as error:
        raise Problem(Outcome.AUTH, _code(error), _said(error)) from error
    except _BUSY as error:
        raise Problem(Outcome.TRANSIENT, _code(error), _said(error)) from error
    except (psycopg.OperationalError, OSError, TimeoutError) as error:
        if "password authentication failed" in str(error) or "does not exist" in str(error):
            raise Problem(Outcome.AUTH, "sign_in", _said(error)) from error
        if any(words in str(error) for words in _CROWDED):
            raise Problem(
                Outcome.THROTTLED, "crowded", _said(error), retry_after=_CROWDED_S
            ) from error
        raise Problem(otherwise, "broken", sentence) from error
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        raise Problem(Outcome.REFUSED, _code(error), _said(error)) from error


def _code(error: psycopg.Error) -> str:
    return f"sql_{error.sqlstate}" if error.sqlstate else "refused"


def _said(error: BaseException) -> str:
    """PostgreSQL's first line, without what it quotes of ours."""
    first = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return f"The warehouse says: {first[:200]}"
