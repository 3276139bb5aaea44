"""Where ``celery -A revops`` looks for its application."""

from __future__ import annotations

from revops.pipeline.broker import app

__all__ = ["app"]
