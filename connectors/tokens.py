"""
Access tokens of a connection, shared by all workers: a row for each way in which it signs in.

Whose turn it is to sign in is decided under the row's lock and stored as a time until which it is
theirs; the call itself is made outside of any transaction, and who waits looks again. So the row
is read and written on a database connection of its own, never on the line's, and only when this
process knows no good token. A connection that is not stored (yet) keeps its tokens in the client.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, connection, transaction

from connectors import passes, vault
from connectors.contract import Outcome
from connectors.models import AccessToken, Connection
from connectors.passes import Failure, Mine, Nearby, Pass, Standing, Turn
from revops.store import sql

_log = logging.getLogger(__name__)
# Of credentials that were changed since.
_KEPT: Final = timedelta(days=1)
# (connection, place) → token and when it is to be renewed; of this process.
_near: dict[tuple[int, str], tuple[str, float | None]] = {}


def forget() -> None:
    """What this process knows; the rows stay."""
    _near.clear()


class Shared:
    """The ``passes.Keeper`` of a stored connection."""

    def __init__(self, connection_id: int) -> None:
        self._id = connection_id
        self._alone = Nearby()

    def near(self, place: str) -> str:
        token, renew_at = _near.get((self._id, place), ("", None))
        if token and (renew_at is None or datetime.now(UTC).timestamp() < renew_at):
            return token
        return self._alone.near(place)

    async def turn(self, place: str, *, instead_of: str, waited_for: int) -> Turn:
        try:
            turn = await asyncio.to_thread(self._turn, place, instead_of, waited_for)
        except DatabaseError:
            _log.warning("Access tokens cannot be read; this worker signs in for itself.")
            turn = None
        if turn is None:
            return await self._alone.turn(place, instead_of=instead_of, waited_for=waited_for)
        return turn

    async def keep(self, place: str, flight: int, found: Pass, *, took_s: float) -> None:
        if self._alone.signs_in(place):
            await self._alone.keep(place, flight, found, took_s=took_s)
            return
        try:
            await asyncio.to_thread(self._keep, place, found, took_s)
        except DatabaseError:
            _log.warning("An access token could not be kept; others will sign in again.")

    async def fail(self, place: str, flight: int, failure: Failure) -> None:
        if self._alone.signs_in(place):
            await self._alone.fail(place, flight, failure)
            return
        try:
            await asyncio.to_thread(self._fail, place, flight, failure)
        except DatabaseError:
            _log.warning("A failed sign-in could not be told; others will wait for it in vain.")

    def _turn(self, place: str, instead_of: str, waited_for: int) -> Turn | None:
        """None for a connection that is not stored."""
        try:
            with transaction.atomic():
                row = self._locked(place)
                if row is None:
                    return None
                now = _now()
                standing = self._standing(row, place)
                turn = passes.decide(
                    standing, now=now, instead_of=instead_of, waited_for=waited_for
                )
                if isinstance(turn, Mine):
                    self._store(row, place, passes.began(standing, now=now))
                elif isinstance(turn, passes.Good):
                    _near[self._id, place] = (standing.token, standing.renew_at)
                return turn
        finally:
            connection.close()

    def _keep(self, place: str, found: Pass, took_s: float) -> None:
        try:
            with transaction.atomic():
                row = self._locked(place)
                if row is None:
                    return
                now = _now()
                standing = passes.kept(self._standing(row, place), found, now=now, took_s=took_s)
                self._store(row, place, standing)
                old = AccessToken.objects.filter(connection_id=self._id).exclude(pk=row.pk)
                old.filter(changed_at__lt=datetime.fromtimestamp(now, UTC) - _KEPT).delete()
            _near[self._id, place] = (standing.token, standing.renew_at)
        finally:
            connection.close()

    def _fail(self, place: str, flight: int, failure: Failure) -> None:
        try:
            with transaction.atomic():
                row = self._locked(place)
                # Whoever took longer than its turn has nothing to say about the next one's.
                if row is not None and row.flight == flight:
                    standing = self._standing(row, place)
                    self._store(row, place, passes.failed(standing, failure, now=_now()))
        finally:
            connection.close()

    def _locked(self, place: str) -> AccessToken | None:
        if not Connection.objects.filter(pk=self._id).exists():
            return None
        digest = vault.digest(place)
        AccessToken.objects.bulk_create(
            [AccessToken(connection_id=self._id, place=digest)], ignore_conflicts=True
        )
        return AccessToken.objects.select_for_update().get(connection_id=self._id, place=digest)

    def _standing(self, row: AccessToken, place: str) -> Standing:
        token = ""
        if row.ciphertext:
            try:
                token = vault.open_(row.ciphertext, context=self._context(place))
            except vault.SecretUnreadable:
                token = ""  # sealed by a key that is gone: signing in brings another
        return Standing(
            token=token,
            renew_at=_seconds(row.renew_at),
            ends_at=_seconds(row.ends_at),
            flight=row.flight,
            busy_until=_seconds(row.busy_until) or 0,
            failed_flight=row.failed_flight,
            rest_until=_seconds(row.rest_until) or 0,
            failure=_failure(row.failure),
        )

    def _store(self, row: AccessToken, place: str, standing: Standing) -> None:
        token = standing.token
        row.ciphertext = vault.seal(token, context=self._context(place)) if token else b""
        row.renew_at, row.ends_at = _moment(standing.renew_at), _moment(standing.ends_at)
        row.flight, row.failed_flight = standing.flight, standing.failed_flight
        row.busy_until, row.rest_until = _moment(standing.busy_until), _moment(standing.rest_until)
        row.failure = _told(standing.failure)
        row.save()

    def _context(self, place: str) -> str:
        return vault.context_of(self._id, f"access token {place}")


def _now() -> float:
    """The database's clock, which all workers share."""
    row = sql.one("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")
    assert row is not None
    return float(row.now)


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _told(failure: Failure | None) -> dict[str, Any]:
    if failure is None:
        return {}
    return {
        "outcome": failure.outcome.value,
        "code": failure.code,
        "reason": failure.reason,
        "status": failure.status,
        "retry_after": failure.retry_after,
    }


def _failure(told: dict[str, Any]) -> Failure | None:
    return Failure(**{**told, "outcome": Outcome(told["outcome"])}) if told else None
