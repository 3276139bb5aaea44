"""``make run``: the console on one machine, with the demo company and its sandbox systems."""

from __future__ import annotations

from revops.settings.base import *  # noqa: F403  settings modules are layered by star import
from revops.settings.base import CELERY, env

REVOPS_DEMO = env.bool("REVOPS_DEMO", default=True)
REVOPS_SECOND_FACTOR = env("REVOPS_SECOND_FACTOR", default="off")
REVOPS_ALLOW_LOOPBACK = env.bool("REVOPS_ALLOW_LOOPBACK", default=True)
REVOPS_ENVIRONMENT = env("REVOPS_ENVIRONMENT", default="Sandbox")
REVOPS_SETTLE_SCALE = env.float("REVOPS_SETTLE_SCALE", default=1.0)

# Drills are thrown in a demo only.
CELERY["beat_schedule"]["rehearsals"] = {
    "task": "revops.sandbox.rehearsals.tasks.work",
    "schedule": 2.0,
}
