"""The tables of docs/connectors.md, made from the manifests; a test holds the page to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from connectors import registry
from connectors.manifest import Capability, Evidence, Manifest

MADE_BY: Final = "made by connectors/document.py"
PAGE: Final = "docs/connectors.md"

_PROOFS: Final[Mapping[str, str]] = {
    "timestamped": "HMAC over time and body",
    "standard": "Standard Webhooks",
    "stamped": "HMAC over time and body",
    "shared_secret": "shared secret",
    "basic": "basic authentication",
    "client_state": "shared secret in the body; each is looked up",
    "chosen": "one of six families, as the connection says",
    "organization": "names its organization; each is looked up",
}
_DIRECTIONS: Final = {"in": "in", "out": "out", "both": "in, out"}
_EVIDENCE: Final[Mapping[Evidence, str]] = {
    Evidence.PEER: "a running system of others",
    Evidence.LIBRARY: "the vendor's library",
    Evidence.SPECIFICATION: "a published specification",
    Evidence.DOCUMENTS: "documents, by reading",
    Evidence.CODE: "what others published",
}


def tables() -> dict[str, str]:
    """Each table of the page by its name."""
    all_of_them = list(registry.all_manifests().values())
    return {
        "what they do": _table(
            ("Connector", "Role", "Direction", "Tells us", "Is asked for", "Lists", "Webhooks"),
            ((_linked(one), *_does(one)) for one in all_of_them),
        ),
        "signing in": _table(
            ("Connector", "Ways", "Secrets", "Addresses"),
            ((one.label, *_signs_in(one)) for one in all_of_them),
        ),
        "limits": _table(
            ("Connector", "Grade", "Settle window", "At once", "A second", "In a call", "Polled"),
            ((one.label, *_limits(one)) for one in all_of_them),
        ),
        "grades": _table(
            ("Connector", "Why this grade"),
            ((one.label, _words(one.grade_note) or "—") for one in all_of_them),
        ),
        "verified": _table(
            ("Connector", "What", "By", "Against", "Seen on"),
            (
                (one.label, fact.what, _EVIDENCE[fact.by], fact.against, fact.on)
                for one in all_of_them
                for fact in one.verified
            ),
        ),
        "not verified": _table(
            ("Connector", "What nobody has seen"),
            ((one.label, " ".join(one.unverified)) for one in all_of_them if one.unverified),
        ),
    }


def written(page: str) -> str:
    """The page's text with its tables as they are now."""
    for name, table in tables().items():
        mark = re.escape(f"<!-- {MADE_BY}: {name} -->\n")
        page = re.sub(rf"({mark}).*?(<!-- end -->)", _between(table), page, flags=re.DOTALL)
    return page


def write(root: Path) -> None:
    path = root / PAGE
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")


def _linked(one: Manifest) -> str:
    return f"[{one.label}](../connectors/systems/{one.slug}/README.md)"


def _does(one: Manifest) -> tuple[str, ...]:
    told = f"{len(one.emits)} kinds of event" if len(one.emits) > 1 else ", ".join(one.emits) or "—"
    if one.can(Capability.USAGE):
        told = "usage records"
    proof = "—"
    if one.signature is not None:
        scheme = one.signature.scheme
        proof = _PROOFS.get(scheme, scheme)
    elif one.can(Capability.EVENTS):
        proof = "none; polled"
    return (
        one.role.upper() if len(one.role) == 3 else one.role,
        _DIRECTIONS[one.direction],
        told,
        _codes(one.accepts),
        ", ".join(one.lists) or "—",
        proof,
    )


def _signs_in(one: Manifest) -> tuple[str, ...]:
    ways = [f"{way.label}{' (tokens end)' if way.tokens else ''}" for way in one.auth]
    secrets = [
        secret.label + (f" (ends after {secret.lasts_days} days)" if secret.lasts_days else "")
        for secret in one.secrets
    ]
    hosts = ["any" if host == "*" else f"`{host}`" for host in one.hosts]
    return "; ".join(ways) or "—", ", ".join(secrets) or "—", ", ".join(hosts)


def _limits(one: Manifest) -> tuple[str, ...]:
    if not one.can(Capability.COMMANDS):
        settle = "nothing is sent"
    elif one.server_max_s is None:
        settle = f"{one.settle_window_s:g} s (not known)"
    else:
        settle = f"{one.settle_window_s:g} s"
    rate = f"{one.requests_per_second:g}" if one.requests_per_second else "—"
    at_once = "1 writer" if one.one_writer else str(one.max_in_flight)
    polled = "—"
    if one.can(Capability.EVENTS):
        polled = f"every {one.poll_interval_s} s, {one.poll_overlap_s} s again"
    return f"`{one.grade}`", settle, at_once, rate, str(one.max_batch), polled


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _codes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "—"


def _words(text: str) -> str:
    return " ".join(text.split())


def _between(made: str) -> Callable[[re.Match[str]], str]:
    """What stands between two marks is replaced by ``made``; the marks stay."""
    return lambda found: f"{found[1]}{made}{found[2]}"
