"""Writing links; the line does it a batch at a time."""

from __future__ import annotations

from revops.store import sql

LINKS = sql.Columns(
    "lineage_link",
    from_kind="text",
    from_id="bigint",
    to_kind="text",
    to_id="bigint",
    created_at="timestamptz",
)
