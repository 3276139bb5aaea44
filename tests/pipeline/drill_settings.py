"""The tests' settings for a worker process of its own: leases that end soon."""

from __future__ import annotations

import os

from revops.settings.test import *  # noqa: F403  settings modules are layered by star import

REVOPS_DEMO = True
REVOPS_LEASE = 1.0
REVOPS_SETTLE_SCALE = 0.0
REVOPS_ENCRYPTION_KEYS = os.environ["REVOPS_DRILL_KEYS"].split(",")
REVOPS_SWEEP_INTERVAL = float(os.environ.get("REVOPS_DRILL_SWEEP", "0.5"))
REVOPS_LINGER = 0.5
