"""A change set as something that a second person agrees to, and what goes on when they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import (
    CannotApply,
    Consequences,
    Content,
    Flag,
    Lift,
    Line,
    Moment,
    Row,
    Subject,
)
from revops.jobs.models import Job
from revops.kernel.money import Money
from revops.mappings.kinds import get
from revops.mappings.models import ChangeSet, LedgerAccount, SetState
from revops.mappings.operations import applying, sets
from revops.pipeline import again
from revops.pipeline.changes.impact import waiting_for

SLUG: Final = "mapping_change"
_SHOWN: Final = 40


class MappingChange(Subject):
    """Rows of a map, set or ended together."""

    slug = SLUG
    label = "Mapping change"
    request_action = "mappings.propose"
    decide_action = "mappings.approve"
    fallback = ("finance|manager",)

    def title(self, content: Content) -> str:
        kind = get(content["kind"])
        rows = content["rows"]
        if len(rows) == 1:
            where = rows[0]["entity"] or "all entities"
            return f"{kind.label}: {rows[0]['key']} in {where}"[:200]
        return f"{kind.label}: {len(rows):,} rows"

    def describe(self, content: Content) -> Sequence[Row]:
        kind = get(content["kind"])
        found = [Row("Change set", content["name"], link=_page(content["set"]))]
        for row in content["rows"][:_SHOWN]:
            now = ", ".join(f"{value}" for value in row["values"].values() if value)
            days = _days(row["since"], row["until"]) if kind.dated else ""
            what = (
                f"{now} {days}" if row["op"] == "set" else f"ends on {row['until'] or 'approval'}"
            )
            was = "; ".join(
                ", ".join(str(value) for value in one["values"].values() if value)
                for one in row["before"]
            )
            name = f"{row['key']}, {row['entity']}" if row["entity"] else row["key"]
            found.append(Row(name, what.strip(), sub=f"now {was}" if was else "not mapped now"))
        if len(content["rows"]) > _SHOWN:
            rest = len(content["rows"]) - _SHOWN
            found.append(Row("More rows", f"{rest:,}", link=_page(content["set"])))
        return [*found, Row("Why", content["reason"])]

    def consequences(self, content: Content) -> Consequences:
        impact = content["impact"]
        books = {(one[0], one[1], one[2]) for one in impact["journals"]}
        lines: list[Line] = []
        entity = period = currency = ""
        if len(books) == 1:
            entity, period, currency = next(iter(books))
            names = dict(LedgerAccount.objects.values_list("code", "name"))
            for _, _, _, account, amount, count in impact["journals"]:
                money = Money(abs(amount), currency)
                lines.append(
                    Line(
                        account,
                        names.get(account, ""),
                        money if amount > 0 else None,
                        money if amount < 0 else None,
                        sub=f"{count:,} lines",
                    )  # fmt: skip
                )
        return Consequences(
            sentences=sentences(impact), lines=lines, entity=entity, currency=currency,
            period=period, note="As it was previewed. Each document gets a journal of its own."
            if lines else "",
        )  # fmt: skip

    def lift(self, content: Content) -> Lift:
        locked = content["impact"]["closed"]
        if not locked:
            return Lift(unpriced=True)
        entity, period = locked[0]
        return Lift(least=4, unpriced=True, why=f"It reaches into {period} of {entity}: closed.")

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        impact = content["impact"]
        found = []
        if impact["closed"]:
            entity, period = impact["closed"][0]
            count = len(impact["closed"])
            more = f" and {count - 1} more" if count > 1 else ""
            found.append(Flag("warn", "A closed period is touched", f"{entity} {period}{more}"))
        else:
            found.append(Flag("ok", "No closed period is touched"))
        if impact["posted"]:
            text = f"{impact['posted']:,} stay as they are; none is posted again."
            found.append(Flag("warn", "Documents are in the books by the old map", text))
        if impact["fails"]:
            kind, cause, count = impact["fails"][0]
            found.append(Flag("warn", f"{count:,} would fail next", f"{kind}: {cause}"))
        return found

    def timeline(self, request: ApprovalRequest) -> Sequence[Moment]:
        held = ChangeSet.objects.filter(pk=request.subject_id).first()
        if held is None:
            return []
        found = [Moment(f"{held.made_by.name} began {held}", held.made_at, link=_page(held.pk))]
        if held.previewed_at:
            found.append(Moment("Previewed against what waits", held.previewed_at))
        if held.version_id:
            text = f"Version {held.version_id} of the maps is in force"
            found.append(Moment(text, held.settled_at, held.outcome, "ok"))
        return found

    def link(self, request: ApprovalRequest) -> str:
        return _page(request.subject_id)

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        held = ChangeSet.objects.select_for_update().get(pk=content["set"])
        asker = request.requested_by
        if asker is None or held.state != SetState.WAITING:
            raise CannotApply(f"{held} is {held.get_state_display().lower()}.")
        try:
            version = applying.apply(held, by=asker.name)
        except sets.SetRefused as refused:
            raise CannotApply(str(refused)) from refused
        job = _go_on(held, asker)
        told = f"Version {version.pk} is in force."
        if job is not None:
            count = job.items.count()
            told += (
                f" {count:,} {'case goes' if count == 1 else 'cases go'} through the line again: "
                f"{job}."
            )
        sets.settle(held, SetState.APPLIED, told)
        return told

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        held = ChangeSet.objects.select_for_update().get(pk=content["set"])
        if held.state != SetState.WAITING:
            return
        if str(verdict) == "send_back":
            held.state, held.outcome = SetState.SENT_BACK, request.outcome
            held.save()
            return
        words = {"reject": "Rejected.", "withdrawn": "Taken back.", "expired": "Nobody decided."}
        sets.settle(held, SetState.REFUSED, request.outcome or words.get(str(verdict), "Refused."))


def content_of(held: ChangeSet) -> dict[str, Any]:
    """What is asked for, as it is frozen: every row with what it replaces, and the preview."""
    return {
        "set": held.pk,
        "name": str(held),
        "kind": held.kind,
        "reason": held.reason,
        "impact": held.preview,
        "rows": [
            {
                "op": row.op,
                "entity": row.entity,
                "key": row.key,
                "since": _iso(row.since),
                "until": _iso(row.until),
                "values": row.values,
                "before": row.before,
            }
            for row in held.rows.order_by("position")
        ],
    }


def sentences(impact: Mapping[str, Any]) -> list[str]:
    """What a set would do, in words; none of more than 25."""
    found = []
    if impact["cases"]:
        money = ", ".join(str(Money(minor, currency)) for currency, minor in impact["money"])
        with_money = f", {money}" if money else ""
        found.append(f"Clears {impact['clears']:,} of {impact['cases']:,} cases{with_money}.")
    for kind, cause, count in impact["fails"][:3]:
        found.append(f"{count:,} would fail next ({kind.lower()}): {cause}.")
    if impact["coming"]:
        found.append(
            f"{impact['coming']:,} bills from {impact['coming_from']} on will be booked by it."
        )
    if impact["posted"]:
        found.append(f"{impact['posted']:,} documents in the books stay; none is posted again.")
    else:
        found.append("No document in the books is touched.")
    if impact["closed"]:
        entity, period = impact["closed"][0]
        found.append(f"It reaches into closed periods, the latest is {period} of {entity}.")
    return found


def _go_on(held: ChangeSet, asker: User) -> Job | None:
    """What waited for it goes through the line again, in the name of who asked; the job."""
    kind = get(held.kind)
    rows = list(held.rows.select_related("change_set").order_by("position"))
    changes = [sets.change_of(row) for row in rows]
    what = (
        f"{rows[0].key} → {', '.join(rows[0].values.values())}"
        if len(rows) == 1
        else (f"{len(rows):,} {kind.label}")
    )
    return again.go_on(
        cause_keys=sorted({one.cause_key for one in waiting_for(kind, changes)}),
        by=asker,
        title=f"Retry after {held}",
        scope=f"what waited for {kind.noun}s of {held}",
        reason=f"{held} is in force: {held.reason}",
        options={"set": held.pk, "map": kind.slug, "what": what},
    )


def _days(since: str, until: str) -> str:
    if since and until:
        return f"from {since} to {until}"
    return f"from {since}" if since else ""


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _page(number: int | str) -> str:
    return reverse("mappings:set", args=[number])
