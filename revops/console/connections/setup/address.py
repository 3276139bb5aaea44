"""Which address a connection may have, as the person who types it is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from django.conf import settings

from connectors.egress import LOOPBACK, Egress, Refused
from connectors.manifest import Manifest

__all__ = ["Refused", "checked", "moved"]


def checked(manifest: Manifest, base_url: str) -> str:
    """The address without a closing slash. Raises Refused."""
    inside = [ip_network(network) for network in settings.REVOPS_TRUSTED_NETWORKS]
    trusted = [*inside, *(LOOPBACK if settings.REVOPS_ALLOW_LOOPBACK else ())]
    target = Egress(hosts=manifest.hosts, inside=trusted).target(base_url)
    return re.sub(r"/+$", "", target.origin + target.path)


def moved(manifest: Manifest, was: Mapping[str, Any], to: Mapping[str, Any]) -> bool:
    """
    Whether credentials would go to another place than the one they were given for: the address of
    the connection is another one, or one among its parameters. Both as ``Setup.content``.
    """
    addresses = [one.name for one in manifest.parameters if one.type == "address"]
    return bool(was["base_url"] != to["base_url"]) or any(
        was["parameters"].get(name) != to["parameters"].get(name) for name in addresses
    )
