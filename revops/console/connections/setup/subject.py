"""A connection goes into use, is changed or goes out of use: one asks, another one agrees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply, Consequences, Content, Flag, Row, Subject
from connectors import registry
from connectors.egress import Refused
from connectors.manifest import Manifest
from connectors.models import Connection, ConnectionState, Environment
from connectors.registry import ConnectorUnknown
from revops.console.connections.operations import ActRefused
from revops.console.connections.setup import address, operations, texts
from revops.console.connections.setup.address import checked
from revops.delivery.queries import health

_TITLES: Final = {"use": "Use {}", "change": "Change {}", "retire": "Take {} out of use"}
_LABELS: Final = {
    "label": "Name", "environment": "Environment", "base_url": "Address", "zone": "Time zone",
    "entity": "Legal entity", "fallback": "While it is stopped, notices go by",
    "fallback_after": "Once it was stopped for, in minutes",
}  # fmt: skip


class ConnectionChange(Subject):
    slug = operations.SUBJECT
    label = "Connection"
    request_action = "connections.change"
    decide_action = "connections.change.approve"
    fallback = ("admin",)

    def title(self, content: Content) -> str:
        return _TITLES[content["act"]].format(content["to"]["label"])[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        connection, manifest = _found(content)
        link = reverse("connections:connection", args=[content["slug"]]) if connection else ""
        system = manifest.label if manifest else "not installed"
        rows = [Row("Connection", content["to"]["label"], system, link)]
        was: Mapping[str, Any] = content.get("was", {})
        rows += _texts(content, was, manifest)
        for name, value in _flat(content["to"], manifest):
            before = dict(_flat(was, manifest)).get(name) if was else None
            if content["act"] == "change" and before == value:
                continue
            sub = f"was {before or 'empty'}" if content["act"] == "change" else ""
            rows.append(Row(name, value or "empty", sub))
        return rows

    def consequences(self, content: Content) -> Consequences:
        match content["act"]:
            case "use":
                said = ["It is sent to, listened to and asked for news from then on."]
            case "retire":
                said = [
                    "Nothing is sent to it or taken from it any more; its credentials are ended.",
                    "Its records, journals and history stay.",
                ]
            case _ if _moves(content):
                said = [
                    "Its credentials are ended: they were given for the old address.",
                    "Nothing is sent there until new ones are typed and it is put into use.",
                ]
            case _:
                said = ["The new settings hold from then on, also for what waits."]
        return Consequences(sentences=said)

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        connection, manifest = _found(content)
        if connection is None or manifest is None:
            return [Flag("crit", "Its connector is not installed")]
        found = []
        if content["to"]["environment"] == Environment.PRODUCTION:
            found.append(Flag("warn", "It is a production system", "What is sent there is real."))
        if content["act"] != "use" and (waiting := _waiting(connection)):
            found.append(Flag("warn", f"{waiting:,} postings wait for it", "They go on waiting."))
        try:
            checked(manifest, content["to"]["base_url"])
        except Refused as refused:
            found.append(Flag("crit", "The address may not be called", str(refused)))
        return found or [Flag("ok", "Nothing waits for it, and its address may be called")]

    def link(self, request: ApprovalRequest) -> str:
        connection = Connection.objects.filter(pk=int(request.subject_id)).first()
        return reverse("connections:connection", args=[connection.slug]) if connection else ""

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        if by is None:
            raise CannotApply("A connection takes two administrators.")
        connection = Connection.objects.select_for_update().get(slug=content["slug"])
        held = operations.content_of(connection)
        match content["act"]:
            case "use":
                if connection.state != ConnectionState.DRAFT:
                    raise CannotApply(f"{connection} is not being set up any more.")
                if held != content["to"]:
                    raise CannotApply("Its settings were changed since: it has to be asked again.")
                if absent := operations.missing(connection):
                    raise CannotApply(f"Credentials are missing: {', '.join(absent)}.")
                return operations.go_live(connection, by=by)
            case "retire":
                return operations.end_use(connection, by=by, reason=request.note)
            case _:
                if connection.state != ConnectionState.LIVE or held != content["was"]:
                    raise CannotApply("It was changed since: it has to be asked again.")
                try:
                    return operations.apply_change(connection, content["to"], by=by)
                except ActRefused as refused:
                    raise CannotApply(str(refused)) from refused


def _found(content: Content) -> tuple[Connection | None, Manifest | None]:
    connection = Connection.objects.filter(slug=content["slug"]).first()
    if connection is None:
        return None, None
    try:
        return connection, registry.manifest(connection.connector)
    except ConnectorUnknown:
        return connection, None


def _texts(content: Content, was: Mapping[str, Any], manifest: Manifest | None) -> Iterator[Row]:
    """Of settings of many lines: each place that changes, or how much it is."""
    for one in manifest.parameters if manifest else ():
        if one.type != "json":
            continue
        text = str(content["to"]["parameters"].get(one.name) or "")
        if content["act"] != "change":
            yield Row(one.label, texts.summary(text) or "empty")
            continue
        before = str(was.get("parameters", {}).get(one.name) or "")
        for place, old, new in texts.changes(before, text):
            yield Row(f"{one.label}: {place}", new or "not there", f"was {old or 'not there'}")


def _flat(settings: Mapping[str, Any], manifest: Manifest | None) -> list[tuple[str, str]]:
    """(label, value in words) of each setting; what is of many lines is told by its changes."""
    known = manifest.parameters if manifest else ()
    names = {one.name: one.label for one in known}
    general = [(label, str(settings[name])) for name, label in _LABELS.items() if name in settings]
    long = {one.name for one in known if one.type == "json"}
    own = {name: one for name, one in settings.get("parameters", {}).items() if name not in long}
    order = [*(name for name in names if name in own), *sorted(own.keys() - names.keys())]
    return [*general, *((names.get(name, name), _said(own[name])) for name in order)]


def _said(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _moves(content: Content) -> bool:
    manifest = _found(content)[1]
    if content["act"] != "change" or manifest is None:
        return False
    return address.moved(manifest, content["was"], content["to"])


def _waiting(connection: Connection) -> int:
    found = health([connection.pk]).get(connection.pk)
    return found.waiting_count if found else 0
