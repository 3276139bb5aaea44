"""What is done to a connection when another administrator agrees; a draft is changed at once."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import authorize
from approvals.models import ApprovalRequest
from approvals.models import State as Asked
from approvals.operations import ask
from connectors.models import Connection, ConnectionState
from revops.audit.operations import recorded
from revops.console.connections.operations import ActRefused
from revops.console.connections.setup.content import Setup
from revops.console.connections.setup.operations.applying import apply_change, go_live
from revops.console.connections.setup.operations.holding import content_of, missing

SUBJECT: Final = "connection_change"


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


def _asked(request: ApprovalRequest, what: str) -> str:
    if request.state == Asked.APPROVED:
        return request.outcome
    return f"{request} waits for another administrator; {what} when they agree."
