"""Which address a connection may have, as the person who types it is told."""

from __future__ import annotations

import re
from ipaddress import ip_network

from django.conf import settings

from connectors.egress import LOOPBACK, Egress, Refused
from connectors.manifest import Manifest

__all__ = ["Refused", "checked"]


def checked(manifest: Manifest, base_url: str) -> str:
    """The address without a closing slash. Raises Refused."""
    inside = [ip_network(network) for network in settings.REVOPS_TRUSTED_NETWORKS]
    trusted = [*inside, *(LOOPBACK if settings.REVOPS_ALLOW_LOOPBACK else ())]
    target = Egress(hosts=manifest.hosts, inside=trusted).target(base_url)
    return re.sub(r"/+$", "", target.origin + target.path)
