"""Screen 18: how the last closes went."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from revops.close.queries.trends import MOST, Closed, closed, stood
from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.web.charts import Point, Words, bars
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.filters import Filters, State
from revops.web.htmx import render_page
from revops.web.policy import screen

_PAGE = Filters()
_ENOUGH = 2
COLUMNS = (
    "Legal entity", "Period", "Ended", "Closed", "Closed by", "Working days", "Target",
    "In time", "Opened again",
)  # fmt: skip


@screen("close.view")
@require_GET
def trends(request: HttpRequest) -> HttpResponse:
    """Days to close, those in time, what stood in the way, reopenings."""
    state = _PAGE.read(request.GET)
    rows = closed(entity=state.one("entity"))
    codes = sorted({one.code for one in rows})[-MOST:]
    shown = [one for one in rows if one.code in codes]
    home = LegalEntity.objects.filter(code=state.one("entity")).first()
    context = {
        "rows": shown,
        "enough": len(codes) >= _ENOUGH,
        "charts": _charts(shown),
        "in_time": sum(one.in_time for one in shown),
        "middle": sorted(one.took for one in shown)[len(shown) // 2] if shown else None,
        "reopened": sum(one.reopened for one in shown),
        "stood": stood(codes, entity_id=home.pk if home else None) if codes else [],
        "periods": len(codes),
        "state": state,
    }
    return render_page(request, "close/trends.html", context)


@screen("close.view")
@file_of("close trends")
def trends_csv(request: HttpRequest) -> StreamingHttpResponse:
    state: State = _PAGE.read(request.GET)
    rows = [
        [
            one.name, one.code, one.ends.isoformat(), one.on.isoformat(), one.by, str(one.took),
            str(one.target), "yes" if one.in_time else "no", str(one.reopened),
        ]
        for one in closed(entity=state.one("entity"))
    ]  # fmt: skip
    return csv_file("close-trends", COLUMNS, rows, at=clock.now())


def _charts(rows: list[Closed]) -> list[tuple[str, object]]:
    """For each legal entity: working days to close, over its periods, with the target."""
    by_name: dict[str, list[Closed]] = {}
    for one in sorted(rows, key=lambda row: (row.name, row.ends)):
        by_name.setdefault(one.name, []).append(one)
    made: list[tuple[str, object]] = []
    for name, mine in by_name.items():
        last = mine[-1]
        points = [
            Point(one.code, one.took, f"{one.took} d", "ok" if one.in_time else "warn")
            for one in mine
        ]
        words = Words(
            f"days-{last.entity.lower()}",
            f"Working days until {name} was closed: {last.took} for {last.code}, "
            f"target {last.target}.", "Period", "Working days",
        )  # fmt: skip
        made.append(
            (
                name,
                bars(
                    points,
                    words,
                    limit=Point(f"target {last.target} d", last.target, str(last.target)),
                ),
            )
        )
    return made
