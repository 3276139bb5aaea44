"""Rows of ``expected`` about reconciliation, and what a side has of it."""

from __future__ import annotations

from typing import Any, Final

from revops.kernel import clock, correlation
from revops.reconciliation.checks import registry
from revops.reconciliation.items import Item
from revops.reconciliation.models import (
    Break,
    Draft,
    Footing,
    Holding,
    Kept,
    Load,
    Match,
    MatchItem,
    Pair,
    Refusal,
    Rule,
    RuleVersion,
    Run,
    SignOff,
)
from tests import factories as make
from tests.access.sides import DAY, Side

CHECK: Final = "bank_payouts"

#                                                               fin mgr rev sup adm aud nobody
PERSONS: Final = """\
GET  /reconciliation/                                      own   200 200 200 403 403 200 403
POST /reconciliation/runs.csv                              own   200 200 200 403 403 200 403
POST /reconciliation/run                                   own   302 403 302 403 403 403 403
POST /reconciliation/run                                   other 404 403 404 403 403 403 403
GET  /reconciliation/runs/REC-<int:number>/                own   200 200 200 403 403 200 403
GET  /reconciliation/runs/REC-<int:number>/                other 404 404 404 403 403 404 403
POST /reconciliation/runs/REC-<int:number>/breaks.csv      own   200 200 200 403 403 200 403
POST /reconciliation/runs/REC-<int:number>/breaks.csv      other 404 404 404 403 403 404 403
POST /reconciliation/runs/REC-<int:number>/again           own   302 403 302 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/again           other 404 403 404 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/sign            own   409 409 403 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/sign            other 404 404 403 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/carry           own   409 403 409 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/carry           other 404 403 404 403 403 403 403
GET  /reconciliation/runs/REC-<int:number>/match/          own   200 200 200 403 403 200 403
GET  /reconciliation/runs/REC-<int:number>/match/          other 404 404 404 403 403 404 403
POST /reconciliation/runs/REC-<int:number>/match/          own   422 403 422 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/match/          other 404 404 404 403 403 404 403
POST /reconciliation/runs/REC-<int:number>/match/draft     own   204 403 204 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/match/draft     other 404 403 404 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/match/<int:match>/release own   302 403 302 403 403 403 403
POST /reconciliation/runs/REC-<int:number>/match/<int:match>/release other 404 403 404 403 403 403 403
GET  /reconciliation/lists/                                own   200 200 200 403 403 200 403
POST /reconciliation/lists/bring                           own   422 403 422 403 403 403 403
GET  /reconciliation/rules/                                own   200 200 200 403 403 200 403
GET  /reconciliation/rules/<slug:check>/                   own   200 200 200 403 403 200 403
POST /reconciliation/rules/<slug:check>/draft              own   403 403 403 403 403 403 403
POST /reconciliation/rules/<slug:check>/draft              all   302 403 302 403 403 403 403
GET  /reconciliation/rules/<slug:check>/draft/<int:position>/ own   403 403 403 403 403 403 403
GET  /reconciliation/rules/<slug:check>/draft/<int:position>/ all   404 403 404 403 403 403 403
POST /reconciliation/rules/<slug:check>/draft/<int:position>/ own   403 403 403 403 403 403 403
POST /reconciliation/rules/<slug:check>/draft/<int:position>/ all   404 403 404 403 403 403 403
POST /reconciliation/rules/<slug:check>/trial              own   403 403 403 403 403 403 403
POST /reconciliation/rules/<slug:check>/trial              all   404 403 404 403 403 403 403
"""  # noqa: E501  a row is a line


def reconcile(side: Side) -> None:
    """A run that found something, what people did about it, and the list that it was read from."""
    now, by, code = clock.now(), side.colleague, side.period.code
    listed = make.a_connection("bank", "statement")
    pair = Pair.objects.get_or_create(check_slug=CHECK, left=None, right=listed)[0]
    rules = _rules()
    Rule.objects.create(
        version=rules, position=rules.rules.count() + 1, name=f"As {side.name} writes it",
        strength="suggest", keys=["amount", "currency"], legal_entity=side.entity,
    )  # fmt: skip
    load = Load.objects.create(
        connection=listed, kind="bank", starts=DAY, ends=DAY, began_at=now, by="test", state="done"
    )
    Holding.objects.create(
        connection=listed, kind="bank", external_id=f"BNK-{side.mark}", legal_entity=side.entity,
        key=f"BNK-{side.mark}", number=f"BNK-{side.mark}", party=f"{side.name} Ltd",
        reference=f"Payout of {side.name}", currency="USD", amount=side.amount, dated=DAY,
        state="", first_in=load, seen_in=load, touched_at=now,
    )  # fmt: skip
    place: dict[str, Any] = {"pair": pair, "legal_entity": side.entity, "period_code": code}
    number = Run.objects.count() + 1
    side.made["rec"] = run = Run.objects.create(
        number=number, starts=side.period.starts, ends=side.period.ends, rules=rules,
        state="done", began_at=now, ended_at=now, by=by.name, correlation_id=correlation.new_id(),
        figures={"USD": {"left": {"count": 0, "amount": 0},
                         "right": {"count": 1, "amount": side.amount}}}, **place,
    )  # fmt: skip
    footing = Footing.objects.create(run=run, parts=1, totals={}, **place)
    Kept.objects.create(
        footing=footing, part=0, side="right", currency="USD", items=[1], keys=[1],
        amounts=[side.amount], folds=[1],
    )  # fmt: skip
    item = Item(
        f"BNK-{side.mark}", "USD", side.amount, number=f"BNK-{side.mark}", dated=DAY,
        party=f"{side.name} Ltd", reference=f"Payout of {side.name}",
    )  # fmt: skip
    Break.objects.create(
        type="missing_left", fingerprint=f"{number}" * 8, right=[item.as_json()], currency="USD",
        right_key=item.id, difference=-side.amount, reason=f"Only {side.name} has it.",
        first_run=run, last_run=run, opened_at=now, **place,
    )  # fmt: skip
    side.made["match"] = match = Match.objects.create(
        currency="USD", left_amount=side.amount, right_amount=side.amount, made_by=by, made_at=now,
        note=f"Agreed with {side.name}", **place,
    )  # fmt: skip
    MatchItem.objects.create(
        match=match, pair=pair, side="left", item_key=f"PO-{side.mark}", amount=side.amount,
        dated=DAY,
    )  # fmt: skip
    Refusal.objects.create(
        pair=pair, legal_entity=side.entity, left=[f"PO-{side.mark}"], right=[item.id],
        rows="0" * 64, by=by, at=now,
    )  # fmt: skip
    Draft.objects.create(user=by, right=[f"BNK-{side.mark}~0"], at=now, **place)
    SignOff.objects.create(
        run=run, role="preparer", by=by, at=now, figures_sha256="0" * 64,
        note=f"Seen by {side.name}", suspended_at=now, suspended_why=f"{side.name} changed.",
        **place,
    )  # fmt: skip


def _rules() -> RuleVersion:
    made, new = RuleVersion.objects.get_or_create(
        check_slug=registry.get(CHECK).slug, number=1,
        defaults={"made_at": clock.now(), "since": clock.now()},
    )  # fmt: skip
    if new:
        Rule.objects.create(version=made, position=1, name="Same key", strength="automatic",
                            keys=["key"])  # fmt: skip
    return made


def of(side: Side) -> dict[str, Any]:
    """What stands in the addresses."""
    return {
        "number": side.rec.number, "match": side.match.pk, "check": CHECK, "position": 1,
    }  # fmt: skip


def asked(side: Side) -> dict[str, Any]:
    """What is typed to have something run."""
    run = side.rec
    return {"pair": run.pair_id, "entity": side.entity.code, "period": run.period_code}
