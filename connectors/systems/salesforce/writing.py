"""
States into Salesforce: look, write, read back; in batches, and each with its own outcome.

A write sets fields to what they should be, so doing it twice does no harm. What could do harm is an
old state after a new one, and a second record for one invoice. Against the first stands the stamp
that each write leaves (``forms.Stamp``), against the second an upsert on a unique external id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from connectors.commands import Unfit
from connectors.contract import Command, Outcome, Receipt
from connectors.problem import Problem
from connectors.systems.salesforce import answers, forms, wire
from connectors.systems.salesforce.forms import Form, Stamp
from connectors.systems.salesforce.session import Org, quoted, select
from connectors.systems.salesforce.wire import Json

# One call of sObject collections takes 200 records.
AT_ONCE: Final = 200
# Nothing of these says that the next call would fare better.
_STOPS: Final = (
    Outcome.THROTTLED,
    Outcome.AUTH,
    Outcome.IN_DOUBT,
    Outcome.NOT_SENT,
    Outcome.TRANSIENT,
)


@dataclass(slots=True, eq=False)
class Job:
    """A command on its way; ``receipt`` ends it, ``record`` is its record's id once known."""

    form: Form
    record: str = ""
    receipt: Receipt | None = None

    def end(self, outcome: Outcome, code: str = "", reason: str = "", **more: Any) -> None:
        self.receipt = Receipt(outcome, code=code, reason=reason, **more)

    def done(self, outcome: Outcome, code: str = "", reason: str = "") -> None:
        self.end(
            outcome, code, reason,
            external_id=external_id(self.record, self.form.stamp.key), external_number=self.record,
        )  # fmt: skip

    def fail(self, problem: Problem) -> None:
        self.receipt = problem.receipt()


def external_id(record: str, key: str) -> str:
    """A record is written many times: its id with our key names one of the writes."""
    return f"{record}:{key}"


async def run(org: Org, commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order."""
    jobs: list[Job | Receipt] = []
    for command in commands:
        try:
            jobs.append(Job(forms.of(command, org.layout)))
        except Unfit as unfit:
            jobs.append(unfit.receipt())
    places: dict[tuple[Any, ...], list[Job]] = {}
    for job in jobs:
        if isinstance(job, Job):
            places.setdefault(job.form.place, []).append(job)
    stopped = False
    for group in places.values():
        if stopped:
            for job in group:
                job.end(Outcome.NOT_SENT, "not_tried", "Not tried: the call before it failed.")
            continue
        stopped = await _group(org, group)
    return [job if isinstance(job, Receipt) else _receipt(job) for job in jobs]


async def _group(org: Org, group: Sequence[Job]) -> bool:
    """Jobs of one place. Whether a failure makes trying others pointless."""
    newest = _newest(group)
    stopped = False
    try:
        await _look(org, newest)
        for chunk in _chunks(_unfinished(newest)):
            await _write(org, chunk)
            await _read_back(org.unhurried(), _unfinished(chunk))
    except Problem as problem:
        for job in _unfinished(newest):
            job.fail(problem)
        stopped = problem.outcome in _STOPS
    _follow(group, newest)
    return stopped


async def _look(org: Org, jobs: Sequence[Job]) -> None:
    """What Salesforce holds now; ends what is there already, or was overtaken. Raises Problem."""
    form = jobs[0].form
    held: dict[str, list[Json]] = {}
    names = [job.form.name for job in jobs]
    for start in range(0, len(names), AT_ONCE // 2):
        under = quoted(names[start : start + AT_ONCE // 2])
        soql = select(_fields(form), form.target, f"WHERE {form.match} IN ({under})")
        for record in await org.query(soql):
            held.setdefault(_name(record, form), []).append(record)
    for job in jobs:
        found = held.get(_folded(job.form.name, form), [])
        if len(found) > 1:
            ids = ", ".join(wire.text(one.get("Id")) for one in found)
            reason = f"Salesforce holds several records for {job.form.name}: {ids}."
            job.end(Outcome.REFUSED, "duplicate_external_id", reason)
        elif found:
            _met(job, found[0])
        elif not job.form.creates:
            reason = f"Salesforce shows the console no {form.target} {job.form.name}."
            job.end(Outcome.REFUSED, "record_missing", reason)


def _met(job: Job, record: Json) -> None:
    form = job.form
    job.record = wire.text(record.get("Id"))
    held = Stamp.read(record.get(form.stamp_field))
    if held and held.key == form.stamp.key and held.sha256 != form.stamp.sha256:
        job.end(Outcome.REFUSED, "conflict", "Other content was written under this key before.")
    elif held and held.key == form.stamp.key and not form.differs(record):
        job.done(Outcome.ALREADY_DONE)
    elif held and held.key != form.stamp.key and held.version > form.stamp.version:
        job.done(Outcome.OK, "overtaken", "Salesforce shows a newer state already.")
    elif form.fact and not form.differs(record):
        job.done(Outcome.OK, "unchanged", "Salesforce says so already.")
    elif form.currency and record.get("CurrencyIsoCode") not in (None, form.currency):
        reason = (
            f"The record is kept in {wire.text(record.get('CurrencyIsoCode'), 3)} in Salesforce, "
            f"and the amount is in {form.currency}."
        )
        job.end(Outcome.REFUSED, "currency_mismatch", reason)


async def _write(org: Org, jobs: Sequence[Job]) -> None:
    """Ends what was refused. Raises Problem when the call as a whole failed."""
    form = jobs[0].form
    if form.match != "Id" and len(jobs) == 1:
        # What is there is only changed: deleted meanwhile, it must not come back half filled.
        only = "?updateOnly=true" if jobs[0].record or not form.creates else ""
        path = f"{org.data}/sobjects/{form.target}/{form.match}/{quote(form.name, safe='')}{only}"
        results: Any = [await org.call("PATCH", path, jobs[0].form.fields) or {"success": True}]
    else:
        by_id = form.match == "Id"
        door = "" if by_id else f"/{form.target}/{form.match}"
        records = [
            {
                "attributes": {"type": form.target},
                "id" if by_id else form.match: job.form.name,
                **job.form.fields,
            }
            for job in jobs
        ]
        body = {"allOrNone": False, "records": records}
        results = await org.call("PATCH", f"{org.data}/composite/sobjects{door}", body)
    if not isinstance(results, list) or len(results) != len(jobs):
        raise Problem(Outcome.IN_DOUBT, "garbled", "Salesforce's answer names other records.")
    for job, result in zip(jobs, results, strict=True):
        _concluded(job, wire.part(result))


def _concluded(job: Job, result: Json) -> None:
    errors = result.get("errors")
    if result.get("success") is True:
        identity = result.get("id")
        job.record = str(identity) if wire.is_id(identity) else job.record
    elif isinstance(errors, list) and errors and isinstance(errors[0], dict):
        job.fail(answers.of_error(errors[0], write=True))
    else:
        job.end(Outcome.IN_DOUBT, "garbled", "Salesforce does not say whether it was written.")


async def _read_back(org: Org, jobs: Sequence[Job]) -> None:
    """Ends every job; what is not as it was sent is told. A read that fails leaves it open."""
    if not jobs:
        return
    form = jobs[0].form
    names = quoted([job.form.name for job in jobs])
    soql = select(_fields(form), form.target, f"WHERE {form.match} IN ({names})")
    try:
        held = {_name(record, form): record for record in await org.query(soql)}
    except Problem as problem:
        for job in jobs:
            job.end(Outcome.IN_DOUBT, "not_read_back", problem.reason)
        return
    for job in jobs:
        record = held.get(_folded(job.form.name, form))
        stamp = Stamp.read(record.get(form.stamp_field)) if record else None
        if record is None or stamp is None or stamp.key != job.form.stamp.key:
            job.end(Outcome.IN_DOUBT, "not_read_back", "It is not there when it is read again.")
            continue
        job.record = wire.text(record.get("Id"))
        different = job.form.differs(record)
        if different:
            fields = ", ".join(different[:5])
            reason = f"Salesforce changed what was written: {fields}."
            job.end(Outcome.REFUSED, "echo_differs", reason)
        else:
            job.done(Outcome.OK)


def _newest(group: Sequence[Job]) -> list[Job]:
    """One job for each record, by account: neighbours lock the same rows."""
    best: dict[str, Job] = {}
    for job in group:
        known = best.get(job.form.name)
        if known is None or job.form.stamp.version >= known.form.stamp.version:
            best[job.form.name] = job
    return sorted(best.values(), key=lambda job: (job.form.near, job.form.name))


def _follow(group: Sequence[Job], newest: Sequence[Job]) -> None:
    """States that a newer one of the same batch made needless end with it."""
    leading = {job.form.name: job for job in newest}
    for job in _unfinished(group):
        lead = leading[job.form.name]
        job.record = lead.record
        if lead.receipt and lead.receipt.outcome in (Outcome.OK, Outcome.ALREADY_DONE):
            job.done(Outcome.OK, "overtaken", "A newer state was written at the same time.")
        else:
            job.end(Outcome.NOT_SENT, "not_tried", "Not tried: a newer state comes first.")


def _fields(form: Form) -> list[str]:
    code = ["CurrencyIsoCode"] if form.currency else []
    return ["Id", form.match, form.stamp_field, *code, *form.values]


def _name(record: Json, form: Form) -> str:
    return _folded(wire.text(record.get(form.match)), form)


def _folded(name: str, form: Form) -> str:
    """
    An id by its first 15 characters, which are all that it is. An external id without its case,
    because Salesforce compares them so unless the field says otherwise.
    """
    return name[:15] if form.match == "Id" else name.casefold()


def _chunks(jobs: Sequence[Job]) -> Iterable[Sequence[Job]]:
    return (jobs[start : start + AT_ONCE] for start in range(0, len(jobs), AT_ONCE))


def _unfinished(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.receipt is None]


def _receipt(job: Job) -> Receipt:
    assert job.receipt is not None
    return job.receipt
