"""What a tenant's rules would post to the console, and how that went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.sandboxes.calls import Webhook


class Rules(Webhook):
    """Posts bodies with the shared secret, once each."""

    about = "event"

    def signed(self, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        headers = {"Content-Type": "application/json", "X-RevOps-Secret": self.secret}
        return json.dumps(body).encode(), headers
