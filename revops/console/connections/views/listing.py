"""Every connection, the worst first, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from accounts.queries import may
from revops.console.connections import words
from revops.console.connections.queries.held import amounts
from revops.console.connections.queries.rows import Row, every
from revops.console.connections.rail import remember
from revops.kernel import clock
from revops.kernel.privacy import PII
from revops.web.csv_files import Column, csv_lines
from revops.web.exports import file_of
from revops.web.filters import Filters, Key, State
from revops.web.formats import figures
from revops.web.htmx import render_page, wants_fragment
from revops.web.policy import screen

VIEWS: Final = {
    "": "All",
    "attention": "Need attention",
    "in": "Events in",
    "out": "Postings out",
}
LIST: Final = Filters(Key("view", choices=VIEWS, chip=False))
COLUMNS: Final = (
    "connection", "label", "connector", "environment", "state", Column("story", PII),
    "last_success", "backlog", "currency", "waiting", "in_doubt", "oldest_waiting", "calls_1h",
    "failed_1h", "grade",
)  # fmt: skip


@screen("connections.view")
@require_GET
def every_connection(request: HttpRequest) -> HttpResponse:
    """How everything feels; the list alone when htmx asks again."""
    state = LIST.read(request.GET)
    rows = every()
    remember(request, rows)
    shown = [row for row in rows if _in_view(row, state.one("view"))]
    context: dict[str, Any] = {
        "state": state,
        "path": request.path,
        "address": state.address(request.path),
        "at": clock.now(),
        "rows": [(row, words.short(row.manifest)) for row in shown],
        "worst": next((row for row in rows if not row.calm), None),
        "on_purpose": sum(row.on_purpose for row in rows),
        "attention": sum(not row.calm for row in rows),
        "sums": _sums(rows),
        "tabs": _tabs(rows, state),
        "view": VIEWS[state.one("view")],
        "legend": words.legend(row.manifest for row in rows),
        "oob": wants_fragment(request),
        "may_add": may(request.user, "connections.change"),
    }
    return render_page(request, "connections/connections.html", context, fragments={"live": "live"})


@screen("connections.view")
@file_of("connections")
def connections_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The list as CSV, one line for each currency that waits at a connection."""
    state = LIST.read(request.GET)
    at = clock.now()
    rows = [row for row in every() if _in_view(row, state.one("view"))]
    lines = csv_lines(COLUMNS, _cells(rows))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="connections-{at:%Y-%m-%d}.csv"'
    return response


def _in_view(row: Row, view: str) -> bool:
    match view:
        case "attention":
            return not row.calm
        case "in":
            return row.feed is not None
        case "out":
            return row.health is not None
        case _:
            return True


def _tabs(rows: Sequence[Row], state: State) -> list[dict[str, object]]:
    return [
        {
            "view": view,
            "label": label,
            "count": sum(_in_view(row, view) for row in rows),
            "current": view == state.one("view"),
            "query": state.changed({"view": view}).query,
        }
        for view, label in VIEWS.items()
    ]


def _sums(rows: Sequence[Row]) -> dict[str, Any]:
    """Over all connections, whatever the tab."""
    sent = [row for row in rows if row.health]
    oldest = min(
        ((row.health.oldest_at, row) for row in sent if row.health and row.health.oldest_at),
        key=lambda pair: pair[0],
        default=(None, None),
    )
    return {
        "connections": len(rows),
        "waiting": sum(row.health.waiting_count for row in sent if row.health),
        "oldest_at": oldest[0],
        "oldest": oldest[1],
        "money": amounts((money.currency, money.minor) for row in rows for money in row.money),
        "in_doubt": sum(row.health.in_doubt for row in sent if row.health),
        "in_doubt_money": amounts(
            (money.currency, money.minor) for row in rows for money in row.doubtful_money
        ),
        "settles_at": min(
            (row.health.settles_at for row in sent if row.health and row.health.settles_at),
            default=None,
        ),
        "events": sum(row.feed.waiting for row in rows if row.feed),
    }


def _cells(rows: Sequence[Row]) -> Iterator[list[str]]:
    for row in rows:
        health, connection = row.health, row.connection
        doubtful = {money.currency: money.minor for money in row.doubtful_money}
        sums = [(money.currency, money.minor) for money in row.money] or [("", 0)]
        for currency, waiting in sums:
            yield [
                connection.slug,
                connection.label,
                connection.connector,
                connection.environment,
                row.status,
                row.story,
                _instant(row.success_at),
                str(row.backlog),
                currency,
                figures(waiting, currency)[0] if currency else "",
                figures(doubtful.get(currency, 0), currency)[0] if currency else "",
                _instant(row.oldest_at),
                str(health.calls.sent) if health else "",
                str(health.calls.failed) if health else "",
                words.short(row.manifest),
            ]


def _instant(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else ""
