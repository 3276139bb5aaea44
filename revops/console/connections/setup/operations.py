"""
What people do to set a connection up. Each returns the sentence of what happened.

Nothing here calls the system: *test connection* does, with what was saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals.models import ApprovalRequest
from approvals.models import State as Asked
from approvals.operations import ask
from connectors import registry
from connectors.manifest import Capability, Manifest
from connectors.models import Connection, ConnectionState, Secret
from connectors.operations import SecretRefused, set_secret
from revops.audit.operations import record, recorded
from revops.console.connections.operations import ActRefused
from revops.console.connections.setup import address, fallback
from revops.console.connections.setup.forms.settings import Setup
from revops.console.connections.setup.ways import secrets_of
from revops.delivery import gates
from revops.delivery.models import Gate
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.mappings.models import EntityMap, LegalEntity
from revops.pipeline import sources, wake

log = structlog.get_logger(__name__)

SUBJECT: Final = "connection_change"
_MOST_OF_A_NAME: Final = 50
_NOT_YET: Final = "It is being set up"


@recorded
def add(*, connector: str, setup: Setup, by: User) -> Connection:
    """
    Keep a draft: nothing is sent to it or taken from it.

    Raises NotAllowed, connectors.registry.ConnectorUnknown, and ActRefused when the name is taken.
    """
    by = authorize(by, "connections.change", fresh=True)
    manifest = registry.manifest(connector)
    if Connection.objects.filter(label__iexact=setup.label).exists():
        raise ActRefused(f"There is a connection called {setup.label} already: name it otherwise.")
    with transaction.atomic():
        try:
            connection = Connection.objects.create(
                slug=_free(setup.label), connector=connector, state=ConnectionState.DRAFT,
                label=setup.label, environment=setup.environment, base_url=setup.base_url,
                zone=setup.zone, parameters=dict(setup.parameters),
            )  # fmt: skip
        except IntegrityError:
            raise ActRefused(
                "Somebody added one of that name just now: look at the list."
            ) from None
        if manifest.can(Capability.COMMANDS):
            Gate.objects.create(connection=connection, max_in_flight=manifest.max_in_flight)
            gates.pause(connection.pk, by=by.name, reason=_NOT_YET, until=None)
        _home(connection, setup.entity)
        fallback.keep(connection, setup.content())
        _record("connections.add", connection, by, after=setup.content())
    log.info("connections.added", connection=connection.slug, connector=connector, by=by.pk)
    return connection


@recorded
def change(*, slug: str, setup: Setup, by: User, note: str = "") -> str:
    """
    A draft is changed at once; what is in use is changed when another administrator agrees.

    Raises NotAllowed, Connection.DoesNotExist, ActRefused, approvals' ApprovalRefused.
    """
    by = authorize(by, "connections.change", fresh=True)
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(slug=slug)
        if connection.state == ConnectionState.RETIRED:
            raise ActRefused(f"{connection} was taken out of use: add it anew.")
        before = content_of(connection)
        changes = {name: value for name, value in setup.content().items() if before[name] != value}
        if not changes:
            raise ActRefused("Nothing was changed.")
        if connection.state == ConnectionState.DRAFT:
            return apply_change(connection, setup.content(), by=by)
    content = {"act": "change", "slug": slug, "was": before, "to": setup.content()}
    request = ask(
        subject=SUBJECT, subject_id=connection.pk, content=content, by=by, entity="", note=note
    )
    return _asked(request, f"{connection} is changed")


@recorded
def rotate(
    *,
    slug: str,
    given: Iterable[tuple[str, str, date | None]],
    kept_for: timedelta,
    by: User,
) -> str:
    """
    Keep new values of secrets; the old ones work beside them for ``kept_for``.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused for a value that cannot be kept: then
    none is.
    """
    by = authorize(by, "connections.change", fresh=True)
    connection = Connection.objects.get(slug=slug)
    labels = {one.name: one.label for one in registry.manifest(connection.connector).secrets}
    done = []
    with transaction.atomic():
        for name, value, ends_on in given:
            try:
                kept = set_secret(connection, name, value, overlap=kept_for)
            except SecretRefused as refused:
                raise ActRefused(str(refused)) from refused
            if ends_on:
                kept.ends_on = ends_on
                kept.save(update_fields=["ends_on"])
            done.append(labels[name])
        transaction.on_commit(sources.forget)
    log.info("connections.credentials_changed", connection=slug, by=by.pk, count=len(done))
    return f"Kept for {connection}: {', '.join(done)}. Nobody can read it here again."


@recorded
def use(*, slug: str, by: User, note: str = "") -> str:
    """
    Put a draft into use. Another administrator agrees first, unless this address was agreed to.

    Raises NotAllowed, Connection.DoesNotExist, ActRefused, approvals' ApprovalRefused.
    """
    by = authorize(by, "connections.change", fresh=True)
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(slug=slug)
        if connection.state != ConnectionState.DRAFT:
            raise ActRefused(f"{connection} is not being set up.")
        if absent := missing(connection):
            raise ActRefused(f"Credentials are missing: {', '.join(absent)}.")
        if connection.agreed_url == connection.base_url:
            return go_live(connection, by=by)
    content = {"act": "use", "slug": slug, "to": content_of(connection)}
    request = ask(
        subject=SUBJECT, subject_id=connection.pk, content=content, by=by, entity="", note=note
    )
    return _asked(request, f"{connection} is used")


@recorded
def retire(*, slug: str, by: User, reason: str) -> str:
    """
    Ask to take a connection out of use for good; its records and its history stay.

    Raises NotAllowed, Connection.DoesNotExist, ActRefused, approvals' ApprovalRefused.
    """
    by = authorize(by, "connections.change", fresh=True)
    connection = Connection.objects.get(slug=slug)
    if not reason.strip():
        raise ActRefused("Say why it is taken out of use.")
    if connection.state == ConnectionState.RETIRED:
        raise ActRefused(f"{connection} was taken out of use already.")
    content = {"act": "retire", "slug": slug, "to": content_of(connection)}
    request = ask(
        subject=SUBJECT, subject_id=connection.pk, content=content, by=by, entity="", note=reason
    )
    return _asked(request, f"{connection} is taken out of use")


@recorded
def apply_change(connection: Connection, to: Mapping[str, Any], *, by: User) -> str:
    """
    Within the transaction that holds the row. Another address ends every credential, and what was
    in use is a draft again until new ones are there. A draft whose settings are changed goes into
    use by another administrator's yes, whatever was agreed to before.
    """
    before = content_of(connection)
    moved = address.moved(registry.manifest(connection.connector), before, to)
    was_live = connection.state == ConnectionState.LIVE
    for name in ("label", "environment", "base_url", "zone", "parameters"):
        setattr(connection, name, to[name])
    if moved:
        _end_secrets(connection)
        connection.account = ""
    if moved and was_live:
        connection.state = ConnectionState.DRAFT
        connection.agreed_url = connection.base_url
        gates.pause(connection.pk, by=by.name, reason="Its address was changed", until=None)
    elif not was_live and any(before[name] != to[name] for name in to if name != "label"):
        connection.agreed_url = ""
    connection.save()
    _home(connection, to["entity"])
    fallback.keep(connection, to)
    _record("connections.change", connection, by, before, dict(to))
    transaction.on_commit(sources.forget)
    if moved:
        return f"Saved. {connection} has another address, so its credentials were cleared."
    return f"Saved the settings of {connection}."


@recorded
def go_live(connection: Connection, *, by: User) -> str:
    """Within the transaction that holds the row."""
    manifest = registry.manifest(connection.connector)
    connection.state = ConnectionState.LIVE
    connection.agreed_url = connection.base_url
    connection.save(update_fields=["state", "agreed_url"])
    if manifest.can(Capability.COMMANDS):
        gates.resume(connection.pk)
        transaction.on_commit(lambda: wake.delivery(connection.pk), robust=True)
    if manifest.can(Capability.EVENTS):
        SourceCursor.objects.get_or_create(connection=connection, defaults={"next_at": clock.now()})
    _record("connections.use", connection, by, {"state": "draft"}, {"state": "live"})
    transaction.on_commit(sources.forget)
    return f"{connection} is in use."


@recorded
def end_use(connection: Connection, *, by: User, reason: str) -> str:
    """Within the transaction that holds the row."""
    before = connection.state
    connection.state = ConnectionState.RETIRED
    connection.save(update_fields=["state"])
    gates.pause(connection.pk, by=by.name, reason="It was taken out of use", until=None)
    _end_secrets(connection)
    _record("connections.retire", connection, by, {"state": before}, {"state": "retired"}, reason)
    transaction.on_commit(sources.forget)
    return f"{connection} is out of use, and its credentials are gone. What it told stays."


def content_of(connection: Connection) -> dict[str, Any]:
    """Its settings as a form would give them."""
    home = EntityMap.objects.filter(connection=connection, hint="").first()
    manifest = registry.manifest(connection.connector)
    return Setup(
        label=connection.label,
        environment=connection.environment,
        base_url=connection.base_url,
        zone=connection.zone,
        entity=home.legal_entity.code if home and manifest.emits else "",
        parameters=connection.parameters,
        fallback=fallback.held(connection),
    ).content()


def missing(connection: Connection, manifest: Manifest | None = None) -> list[str]:
    """The labels of secrets that are needed and have no value now."""
    manifest = manifest or registry.manifest(connection.connector)
    now = clock.now()
    held = {
        one.name
        for one in Secret.objects.filter(connection=connection, valid_from__lte=now)
        if one.valid_to is None or one.valid_to > now
    }
    return [
        one.label
        for one, needed in secrets_of(manifest, connection.parameters)
        if needed and one.name not in held
    ]


def _asked(request: ApprovalRequest, what: str) -> str:
    if request.state == Asked.APPROVED:
        return request.outcome
    return f"{request} waits for another administrator; {what} when they agree."


def _home(connection: Connection, entity: str) -> None:
    """Whose books what names none belongs to."""
    if not entity:
        EntityMap.objects.filter(connection=connection, hint="").delete()
        return
    EntityMap.objects.update_or_create(
        connection=connection, hint="",
        defaults={"legal_entity": LegalEntity.objects.get(code=entity)},
    )  # fmt: skip


def _end_secrets(connection: Connection) -> None:
    now = clock.now()
    connection.secrets.filter(valid_from__gte=now).delete()
    connection.secrets.filter(valid_to__isnull=True).update(valid_to=now)
    connection.secrets.filter(valid_to__gt=now).update(valid_to=now)


def _free(label: str) -> str:
    """A slug that nobody has: it is part of every key of what the connection tells, for good."""
    first = slugify(label)[:_MOST_OF_A_NAME]
    held = set(Connection.objects.filter(slug__startswith=first).values_list("slug", flat=True))
    return next(
        one for one in (first, *(f"{first}-{n}" for n in range(2, 1_000))) if one not in held
    )


def _record(
    action: str,
    connection: Connection,
    by: User,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    record(
        action, by=actor_of(by), kind="connection", reference=connection.slug,
        label=str(connection), before=before, after=after, reason=reason,
    )  # fmt: skip
