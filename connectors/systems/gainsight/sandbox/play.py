"""
Things that happen at customers, by ``POST /_control/scenario/<name>`` with JSON.

``company`` chooses by Gsid, name, or another system's id; without it the newest company is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.systems.gainsight import polling
from connectors.systems.gainsight.names import COMPANY
from connectors.systems.gainsight.sandbox.tables import SCORES, Row
from revops.kernel.clock import now

if TYPE_CHECKING:
    from connectors.systems.gainsight.sandbox.app import Sandbox

_NAMES: Final = ("Alder Analytics", "Birch Logistics", "Cedar Health", "Dogwood Foods")


def customers(
    sandbox: Sandbox, *, count: int = 1, companies: list[dict[str, Any]] | None = None
) -> Any:
    """
    New companies: ``companies`` are objects of ``name``, ``score``, ``arr``, ``parent`` and other
    systems' ids by their names; without them ``count`` invented ones. Known ones stay as they are.
    """
    tables = sandbox.tables
    known = len(tables.all(COMPANY))
    given = companies or [
        {"name": _NAMES[(known + place) % len(_NAMES)] + f" {known + place + 1}", "score": 82}
        for place in range(min(int(count), 1000))
    ]
    made = []
    for item in given:
        ids = {field: item[system] for system, field in tables.names.others if item.get(system)}
        if any(
            row.get(field) == value for row in tables.all(COMPANY) for field, value in ids.items()
        ):
            continue
        values = {"Name": item["name"], **ids}
        if item.get("parent"):
            values[tables.names.parent_field] = _company(sandbox, item["parent"])["Gsid"]
        values[tables.names.arr_field] = item.get("arr", 12_000)
        values[tables.names.renewal_field] = _midnight(now().date() + timedelta(days=200))
        if tables.names.likelihood_field:
            values[tables.names.likelihood_field] = item.get("likelihood", 90)
        row = tables.add(COMPANY, values | _scored(sandbox, item.get("score", 82)))
        made.append(row["Gsid"])
        _tell(sandbox, row, "company")
    return {"companies": made}


def health(sandbox: Sandbox, *, company: str = "", score: int = 31, reason: str = "") -> Any:
    """The score of a company becomes another one."""
    row = _company(sandbox, company)
    sandbox.tables.change(COMPANY, row, _scored(sandbox, score))
    _tell(sandbox, row, "health", reason=reason)
    return {"company": row["Gsid"], "score": score}


def milestone(sandbox: Sandbox, *, company: str = "", name: str = "Onboarding complete") -> Any:
    """A milestone is logged on a company's timeline."""
    tables = sandbox.tables
    row = _company(sandbox, company)
    activity = tables.add(
        tables.names.milestone_object,
        {
            "GsCompanyId": row["Gsid"],
            "Subject": name,
            tables.names.milestone_field: name,
            "ActivityDate": tables.moment(),
        },
    )
    for body in polling.of_activity(activity, tables.names):
        sandbox.rules.tell(body)
    return {"company": row["Gsid"], "milestone": name}


def renewal(
    sandbox: Sandbox,
    *,
    company: str = "",
    likelihood: int = 35,
    arr: int | None = None,
    renews_on: str = "",
) -> Any:
    """A company's renewal becomes less, or more, likely."""
    tables = sandbox.tables
    if not tables.names.likelihood_field:
        raise ValueError("This connection names no field with the renewal likelihood.")
    row = _company(sandbox, company)
    values: Row = {tables.names.likelihood_field: int(likelihood)}
    if arr is not None:
        values[tables.names.arr_field] = arr
    if renews_on:
        values[tables.names.renewal_field] = _midnight(date.fromisoformat(renews_on))
    tables.change(COMPANY, row, values)
    _tell(sandbox, row, "renewal")
    return {"company": row["Gsid"], "likelihood": likelihood}


def edit(sandbox: Sandbox, *, company: str = "", **values: Any) -> Any:
    """A person changes a company's fields by hand."""
    row = _company(sandbox, company)
    unknown = [name for name in values if name not in sandbox.tables.schema[COMPANY]]
    if unknown:
        raise ValueError(f"Company has no field {', '.join(unknown)}.")
    sandbox.tables.change(COMPANY, row, values)
    _tell(sandbox, row, "company")
    return {"company": row["Gsid"]}


SCENARIOS: Final[Mapping[str, Callable[..., Any]]] = {
    "customers": customers,
    "health": health,
    "milestone": milestone,
    "renewal": renewal,
    "edit": edit,
}


def _company(sandbox: Sandbox, wanted: str) -> Row:
    rows = sandbox.tables.all(COMPANY)
    fields = ["Gsid", "Name", sandbox.tables.names.customer_field]
    fields += [field for _, field in sandbox.tables.names.others]
    for row in reversed(rows):
        if not wanted or wanted in [row.get(field) for field in fields]:
            return row
    raise LookupError(f"There is no company “{wanted}”." if wanted else "There is no company yet.")


def _scored(sandbox: Sandbox, score: Any) -> Row:
    names = sandbox.tables.names
    if score is None or not names.score_field:
        return {}
    head, dotted, _ = names.score_field.partition("__gr.")
    value = score
    if dotted:
        value = sandbox.tables.add(SCORES, {"Score": score, "Name": str(score)})["Gsid"]
    changed = {names.score_changed_field: sandbox.tables.moment()}
    return {head: value} | (changed if names.score_changed_field else {})


def _tell(sandbox: Sandbox, row: Row, event: str, **more: Any) -> None:
    """What the rule for this posts; it reads the record as a poll does."""
    names = sandbox.tables.names
    seen = {name: sandbox.tables.value(COMPANY, row, name)[1] for name in names.company_read}
    for body in polling.of_company(seen, names):
        if body["event"] == event:
            sandbox.rules.tell(body | {name: value for name, value in more.items() if value})


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
