"""What needs a person about usage, in business words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exceptions.findings import Finding, fingerprint_of
from revops.kernel.money import Money
from revops.pipeline.sources import Source
from revops.usage.operations.intake import Fate, Result
from revops.usage.operations.lines import Amiss, Stale
from revops.usage.queries.unmatched import Group
from revops.usage.rating import plain
from revops.usage.reading import Bad
from revops.usage.revising import label

_WHY: Final[Mapping[str, str]] = {
    "unknown": "No system that is connected knows this id",
    "inactive": "The customer had no active subscription on these days",
    "ambiguous": "More than one subscription could pay for it",
}


def of_intake(source: Source, result: Result) -> list[Finding]:
    """One finding for each reason of a batch, however many records share it."""
    refused: dict[str, list[str]] = {}
    conflicts: dict[str, list[str]] = {}
    for fate, record in zip(result.fates, result.records, strict=True):
        if isinstance(record, Bad):
            refused.setdefault(record.reason, []).append(record.usage_id)
        elif fate is Fate.CONFLICT:
            conflicts.setdefault(record.source, []).append(record.usage_id)
    return [
        *(_refused(source, reason, ids) for reason, ids in refused.items()),
        *(_conflict(source, name, ids) for name, ids in conflicts.items()),
    ]


def _refused(source: Source, reason: str, ids: list[str]) -> Finding:
    known = next((one for one in ids if one), "")
    return Finding(
        kind="usage_refused",
        identity=f"{source.slug}:{reason}",
        cause_parts=f"{source.slug}|{reason}",
        cause=f"{source.label} sends usage that cannot be read: {reason.rstrip('.')}",
        what_happened=(
            f"{_count(len(ids), 'record')} could not be read: {reason} "
            "They are kept as they came, and are not charged."
        ),
        path=f"{source.label} → Console · usage",
        subject_label=f"Usage of {source.label}",
        blocked_steps=("Rate and bill it",),
        facts=(("Latest id", known or "none was given"), ("In the latest batch", str(len(ids)))),
        connection_slug=source.slug,
    )


def _conflict(source: Source, name: str, ids: list[str]) -> Finding:
    return Finding(
        kind="usage_conflict",
        identity=f"{source.slug}:{name}",
        cause_parts=f"{source.slug}|{name}",
        cause=f"{source.label} reuses ids of usage records for other content",
        what_happened=(
            f"{_count(len(ids), 'record')} came under a known id with other content. "
            "The first ones count; the others are kept beside them."
        ),
        path=f"{source.label} → Console · usage",
        subject_label=f"Usage of {source.label}, {name}",
        facts=(("Latest id", ids[-1]), ("Source", name)),
        connection_slug=source.slug,
    )


def unmatched(group: Group) -> Finding:
    why = _WHY.get(group.problem or "", _WHY["unknown"])
    return Finding(
        kind="usage_unmatched",
        identity=group.identity,
        cause_parts=f"{group.slug}|{group.customer_ref}|{group.subscription_ref}|{group.problem}",
        cause=f"Usage of {group.who} has nobody who pays for it",
        what_happened=(
            f"{group.label} reported {plain(group.quantity)} {group.meter} for {group.who}. "
            f"{why}, so nothing is charged."
        ),
        path=f"{group.label} → Console · usage",
        subject_label=f"{group.meter} of {group.who}",
        blocked_steps=("Rate it", "Bill it"),
        facts=(
            ("Why", why),
            ("Records", f"{group.records:,}"),
            ("First day", str(group.first_on or "")),
        ),
        connection_slug=group.slug,
    )


def unmatched_fingerprint(group: Group) -> str:
    return fingerprint_of("usage_unmatched", group.identity)


def unpriced(amiss: Amiss) -> Finding:
    who = amiss.subscriber
    return Finding(
        kind="usage_unpriced",
        identity=amiss.identity,
        cause_parts=f"{amiss.meter}|{amiss.problem}",
        cause=f"Usage of {amiss.meter} cannot be priced: {amiss.problem.rstrip('.')}",
        what_happened=(
            f"{who.customer_name} used {plain(amiss.quantity)} {amiss.meter}. {amiss.problem} "
            "Nothing is charged for it."
        ),
        legal_entity_id=who.entity_id,
        customer_name=who.customer_name,
        subject_label=f"{amiss.meter} of {who.ref}",
        blocked_steps=("Rate it", "Bill it"),
        facts=(("Subscription", who.ref),),
        record_kind="subscription",
        record_id=who.id,
        correlation_id=who.correlation_id,
    )


def unpriced_fingerprint(amiss: Amiss) -> str:
    return fingerprint_of("usage_unpriced", amiss.identity)


def stale(found: Stale) -> Finding:
    who = found.subscriber
    difference = found.promised - found.rated
    way = "too little" if difference > 0 else "too much"
    rated, promised = Money(found.rated, found.currency), Money(found.promised, found.currency)
    return Finding(
        kind="stale_price",
        identity=found.identity,
        cause_parts=f"{who.id}|{','.join(found.prices)}|{','.join(found.promised_prices)}",
        cause=(
            f"Contract {who.contract_name} prices {found.meter} by "
            f"{', '.join(found.promised_prices)}, billing by {', '.join(found.prices)}"
        ),
        what_happened=(
            f"Usage of {found.meter} in {label(found.period)} is rated at {rated}. "
            f"The contract makes it {promised}: {Money(abs(difference), found.currency)} {way}."
        ),
        legal_entity_id=who.entity_id,
        period_code=f"{found.period.end:%Y-%m}",
        currency=found.currency,
        at_stake=abs(difference),
        path="CRM → billing · usage",
        customer_name=who.customer_name,
        subject_label=f"{found.meter} of {who.ref}, {label(found.period)}",
        blocked_steps=("Bill the right amount",),
        facts=(
            ("Contract", who.contract_name),
            ("Rated at", str(rated)),
            ("By the contract", str(promised)),
        ),
        record_kind="subscription",
        record_id=who.id,
        correlation_id=who.correlation_id,
    )


def stale_fingerprint(found: Stale) -> str:
    return fingerprint_of("stale_price", found.identity)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
