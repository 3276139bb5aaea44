"""
*Break this sandbox*: what can be switched on and off through a sandbox's own door, in a demo.

Which switches there are is in each connector's manifest. The door is ``<control_url>/_control/``
(connectors/systems/<slug>/sandbox/control.py). It exists for sandboxes on this machine only, and
this is never offered outside of a demo.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from connectors import registry
from connectors.contract import PayloadUnreadable
from connectors.http import Answer, Client, NotSent, Unanswered
from connectors.manifest import Switch
from connectors.models import Connection, Environment
from revops.audit.operations import record, recorded
from revops.console.connections.operations import ActRefused
from revops.kernel import clock
from revops.mappings.queries import today

log = structlog.get_logger(__name__)

_PATIENCE_S: Final = 2.0
PERIOD: Final = "{period}"


@dataclass(frozen=True, slots=True)
class Setting:
    """A switch as it stands. ``on`` is None when nobody can tell; ``left`` counts what is left."""

    switch: Switch
    on: bool | None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """``page`` is where the sandbox shows what arrived there, when it does."""

    settings: Sequence[Setting] = field(default_factory=tuple)
    problem: str = ""
    page: str = ""

    @property
    def broken(self) -> bool:
        return any(setting.on for setting in self.settings)


def offered(connection: Connection) -> Sequence[Switch]:
    """The switches of a connection; none unless this is a demo and it leads to a sandbox."""
    if not (
        settings.REVOPS_DEMO
        and connection.control_url
        and connection.environment == Environment.SANDBOX
    ):
        return ()
    known = registry.all_manifests().get(connection.connector)
    return known.switches if known else ()


def panel(connection: Connection) -> Panel | None:
    """How the switches stand; None when there are none. Asks the sandbox, briefly."""
    switches = offered(connection)
    if not switches:
        return None
    shows = registry.manifest(connection.connector).sandbox_page
    page = connection.control_url if shows else ""
    try:
        found = asyncio.run(_call(connection, "GET", "faults")).json()
    except (NotSent, Unanswered, PayloadUnreadable) as error:
        log.info("switches.silent", connection=connection.slug, why=str(error))
        return Panel(
            [Setting(switch, None) for switch in switches],
            problem="The sandbox does not say how its switches stand.",
            page=page,
        )
    return Panel([_setting(switch, found) for switch in switches], page=page)


@recorded
def turn(*, slug: str, by: User, name: str, on: bool) -> str:
    """
    Turn one switch and say what it does now.

    Raises NotAllowed, Connection.DoesNotExist, LookupError for a switch that is not offered, and
    ActRefused when the sandbox says no or says nothing.
    """
    by = authorize(by, "sandbox.operate")
    connection = Connection.objects.get(slug=slug)
    switch = next((item for item in offered(connection) if item.slug == name), None)
    if switch is None:
        raise LookupError(f"{connection} has no switch “{name}”.")
    _told(connection, "POST", switch.door, _dated(switch.on if on else switch.undone))
    _record("sandbox.switch", connection, by, {name: on})
    log.info("switches.turned", connection=slug, by=by.pk, switch=name, on=on)
    label = _label(switch)
    if on:
        return f"{connection} {label[0].lower()}{label[1:]} from now on. {switch.hint}"
    return f"Mended: {connection} is as it was before “{label}”."


@recorded
def mend(*, slug: str, by: User) -> str:
    """
    Turn everything off. Raises NotAllowed, Connection.DoesNotExist, LookupError when nothing is
    offered, and ActRefused.
    """
    by = authorize(by, "sandbox.operate")
    connection = Connection.objects.get(slug=slug)
    switches = offered(connection)
    if not switches:
        raise LookupError(f"{connection} has no switches.")
    _told(connection, "DELETE", "faults", None)
    for switch in switches:
        if not switch.fault:
            _told(connection, "POST", switch.door, _dated(switch.undone))
    _record("sandbox.mend", connection, by, {})
    log.info("switches.mended", connection=slug, by=by.pk)
    return (
        f"{connection} works again. What waits goes out with the next trial; cases can be retried."
    )


def _record(action: str, connection: Connection, by: User, after: Mapping[str, Any]) -> None:
    """After the fact: the sandbox has answered, and no transaction waits for it."""
    with transaction.atomic():
        record(
            action, by=actor_of(by), kind="connection", reference=connection.slug,
            label=str(connection), after=after,
        )  # fmt: skip


def _label(switch: Switch) -> str:
    label = switch.label
    return label.replace(PERIOD, " and ".join(_months())) if PERIOD in label else label


def _months() -> list[str]:
    """This month where the books are: for some hours it has turned for some and not for others."""
    days = today(clock.now())
    return sorted({f"{day:%Y-%m}" for day in (days.first, days.last)})


def _dated(body: Mapping[str, Any]) -> dict[str, Any]:
    months = _months()
    return {key.replace(PERIOD, month): value for key, value in body.items() for month in months}


def _setting(switch: Switch, found: Any) -> Setting:
    """Of Tryton's door a switch that is on is an object, of Stripe's a share above nothing."""
    shown = replace(switch, label=_label(switch))
    if not switch.fault or not isinstance(found, Mapping):
        return Setting(shown, None)
    state = found.get(switch.fault)
    times = state.get("times") if isinstance(state, Mapping) else None
    return Setting(shown, bool(state), times if type(times) is int else None)


def _told(connection: Connection, method: str, door: str, body: Any) -> None:
    """Raises ActRefused with what the sandbox said."""
    try:
        answer = asyncio.run(_call(connection, method, door, body))
    except (NotSent, Unanswered) as error:
        raise ActRefused(f"The sandbox’s own door does not answer: {error}") from error
    if answer.status != 200:
        raise ActRefused(f"The sandbox says no: {_said(answer)}")


def _said(answer: Answer) -> str:
    try:
        found = answer.json()
    except PayloadUnreadable:
        found = None
    if isinstance(found, Mapping):
        return str(found.get("error") or found.get("problem") or answer.status)
    return str(answer.status)


async def _call(connection: Connection, method: str, door: str, body: Any = None) -> Answer:
    """No host is allowed but this machine's own, and that only where sandboxes are."""
    async with Client(
        connection.control_url,
        hosts=(),
        allow_loopback=settings.REVOPS_ALLOW_LOOPBACK,
        connect_timeout_s=_PATIENCE_S,
        read_timeout_s=_PATIENCE_S,
        timeout_s=_PATIENCE_S,
    ) as client:
        return await client.call(method, f"/_control/{door}", json=body)
