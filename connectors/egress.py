"""
Which addresses a connector may reach. Pure.

A base URL is typed by a person and carries credentials, so it is held to the host templates of
the connector's manifest, and each address behind its name must be public. ``ipaddress`` alone is
not enough: ``64:ff9b::7f00:1`` and ``2002:7f00:1::`` are global to it and lead to 127.0.0.1.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Final[tuple[Network, ...]] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)
_PUBLIC_V6: Final = ipaddress.ip_network("2000::/3")
# Global by registration, but a door to other addresses: 6to4 and its relays, IETF protocol
# assignments with Teredo (RFC 3056, RFC 7526, RFC 4380).
_DOORS: Final[tuple[Network, ...]] = (
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/23"),
    ipaddress.ip_network("192.88.99.0/24"),
)
# Narrow on purpose: what this does not match is refused, so no two URL parsers can disagree.
_URL = re.compile(
    r"(?P<scheme>https?|smtps?|postgresql)://"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~%+-]+)*)/?",
    re.ASCII,
)
# "127.1", "2130706433" and "0x7f.1" look like names and resolve like numbers.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


_PORTS: Final = {"https": 443, "http": 80, "smtps": 465, "smtp": 587, "postgresql": 5432}
# Where a mail server takes mail. TLS is the mail connector's to insist on, since it begins later.
_MAIL_PORTS: Final = (25, 465, 587, 2525)
# Of PostgreSQL and of poolers before it. TLS is the warehouse connector's to insist on.
_DATABASE_PORTS: Final = (5432, 5433, 6432, 6543)


class Refused(ValueError):
    """The address may not be called; the message says why, for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A base URL that passed the static check; ``origin`` and ``path`` without a closing slash."""

    scheme: str
    origin: str
    host: str
    port: int
    path: str
    inside_only: bool


@dataclass(frozen=True, slots=True)
class Egress:
    """
    The rules for one connection.

    ``inside`` are networks that the operator trusts beside the public Internet: loopback for
    sandboxes, a company network for a self-hosted ERP. Only there may plain HTTP, other ports
    and hosts outside of the templates (as literal addresses or localhost) be used.
    """

    hosts: Sequence[str]
    inside: Sequence[Network] = ()

    def target(self, base_url: str) -> Target:
        """Raises Refused."""
        found = _URL.fullmatch(base_url.strip().lower())
        if not found:
            raise Refused("The address must look like https://host or https://host/path.")
        # The path keeps its case; everything before it does not depend on case.
        path = base_url.strip()[found.start("path") : found.end("path")]
        scheme, host = found["scheme"], found["host"]
        port = int(found["port"] or _PORTS[scheme])
        literal = _literal(host)
        within = host == "localhost" or (literal is not None and self.trusts(literal))
        if not within and not any(_matches(host, port, template) for template in self.hosts):
            allowed = ", ".join(self.hosts)
            raise Refused(f"The host {host} is not one that this connector may call ({allowed}).")
        if literal is not None:
            self.check(literal)
        if scheme.startswith("smtp"):
            inside_only = port not in _MAIL_PORTS
        elif scheme == "postgresql":
            inside_only = port not in _DATABASE_PORTS
        else:
            inside_only = scheme != "https" or (port != 443 and not self._names_port(host, port))
        if inside_only and not self.inside:
            raise Refused("The address must use https on port 443.")
        if host == "localhost" and not self.inside:
            raise Refused("This console may not call its own machine.")
        suffix = f":{found['port']}" if found["port"] else ""
        return Target(
            scheme=scheme,
            origin=f"{scheme}://{host}{suffix}",
            host=host.strip("[]"),
            port=port,
            path=path,
            inside_only=inside_only,
        )

    def check(self, address: Address, *, inside_only: bool = False) -> None:
        """Raises Refused unless the address is trusted or, where that is enough, public."""
        if self.trusts(address):
            return
        if inside_only:
            raise Refused(f"{address} is outside of the trusted networks: use https on port 443.")
        if not _public(address):
            raise Refused(f"{address} is not a public address.")

    def trusts(self, address: Address) -> bool:
        """Whether it is in a network that the operator trusts."""
        return any(
            address.version == network.version and address in network for network in self.inside
        )

    def _names_port(self, host: str, port: int) -> bool:
        return any(":" in item and _matches(host, port, item) for item in self.hosts)


def _literal(host: str) -> Address | None:
    """The address that the host is; None for a name. Raises Refused for numbers in disguise."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    if host.startswith("[") or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise Refused(f"{host} is neither a host name nor a plain IP address.")
    return None


def _public(address: Address) -> bool:
    if address.is_multicast or not address.is_global or address.is_reserved:
        return False
    if any(address.version == door.version and address in door for door in _DOORS):
        return False
    return address.version == 4 or address in _PUBLIC_V6


def _matches(host: str, port: int, template: str) -> bool:
    name, _, wanted = template.partition(":")
    if wanted and int(wanted) != port:
        return False
    if name == "*":
        return True
    pattern = re.sub(r"\\\{[a-z_]+\\\}", "[a-z0-9][a-z0-9-]{0,62}", re.escape(name))
    return re.fullmatch(pattern, host, re.ASCII) is not None
