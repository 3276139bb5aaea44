"""
Usage: raw records accepted, matched and counted, rated, and added up to billable lines.

One process does everything in turn, so each stage's throughput is its own: reading and storing an
NDJSON file of records (one in a hundred of them sent twice), adding them up to days of who pays,
rating every account, and rating all of it for good, which tells the business of each line.
"""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from connectors.models import Connection, Environment
from revops.canonical.models import (
    Customer,
    ExternalReference,
    Party,
    Price,
    PriceVersion,
    Subscription,
)
from revops.events.models import Channel
from revops.kernel import clock, correlation
from revops.kernel.periods import Span, month
from revops.mappings.models import LegalEntity
from revops.pipeline import sources
from revops.pipeline.metering import door
from revops.sandbox import company
from revops.store import sql
from revops.usage.operations import counting, lines
from revops.usage.operations.intake import Fate
from revops.usage.reading import Bad, Raw, read_line

CUSTOMERS: Final = 2_000
METERS: Final = ("api_calls", "storage_gb")
REPEATED: Final = 0.01
_LIMIT_ROWS: Final = 200_000

_T = TypeVar("_T")


def measure(*, records: int = 1_000_000) -> dict[str, Any]:
    """
    ``ours`` is records a second stored durably; ``stages`` has each stage's; ``rss_mb`` is the
    peak of this process, ``grown_mb`` what it grew by after the business was made.
    """
    period = _period()
    connection = _business()
    before = _peak_mb()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108  beside the database
        path = Path(folder) / "usage.ndjson"
        expected = _write(path, records, period)
        limit = _copy_limit()
        sources.forget()
        source = sources.by_slug(connection.slug)
        taken, accepting = _timed(
            lambda: door.take(
                source, _read(path, source.slug), channel=Channel.FILE,
                correlation_id=correlation.new_id(),
            )
        )  # fmt: skip
    _, counting_s = _timed(_count)
    rated, rating_s = _timed(lambda: _rate(at=_midday(period.end)))
    sql.run("UPDATE usage_account SET dirty_from = %s", (period.start,))
    closed, closing_s = _timed(lambda: _rate(at=_midday(period.end + timedelta(days=10))))
    (held,) = sql.rows("SELECT sum(quantity) AS total, count(*) AS lines FROM usage_ratedline")
    accepted = taken.counts[Fate.ACCEPTED]
    return {
        "name": "usage",
        "unit": "records/s stored",
        "ours": round(accepted / accepting),
        "limit": round(limit),
        "limit_is": "rows a second by COPY into a bare table, same columns",
        "ratio": round(accepted / accepting / limit, 3),
        "records": accepted,
        "repeated": taken.counts[Fate.DUPLICATE],
        "stages": {
            "accepted": round(accepted / accepting),
            "matched_and_counted": round(accepted / counting_s),
            "rated": round(accepted / rating_s),
            "rated_for_good_and_told": round(accepted / closing_s),
            "all_together": round(accepted / (accepting + counting_s + rating_s + closing_s)),
        },
        "seconds": round(accepting + counting_s + rating_s + closing_s, 1),
        "accounts": rated,
        "lines": closed,
        "quantity_lost": str(expected - held.total),
        "rss_mb": round(_peak_mb(), 1),
        "grown_mb": round(_peak_mb() - before, 1),
    }


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _count() -> None:
    while counting.count().batches:
        pass


def _rate(*, at: datetime) -> int:
    done = 0
    while turn := lines.rate_due(at=at).accounts:
        done += turn
    return done


def _read(path: Path, source: str) -> Iterator[Raw | Bad]:
    now = clock.now()
    with path.open("rb") as rows:
        for row in rows:
            yield read_line(row, source=source, now=now)


def _write(path: Path, records: int, period: Span) -> Decimal:
    """The file, and the sum of all quantities that count."""
    chance = random.Random(7)
    total = 0
    seconds = period.days * 86_400 - 2 * 86_400
    start = _midday(period.start)
    with path.open("w", encoding="ascii") as file:
        for number in range(records):
            quantity = chance.randrange(1, 500)
            total += quantity
            used_at = start + timedelta(seconds=chance.randrange(seconds))
            row = (
                f'{{"usage_id":"use-{number:09}","customer_id":"bench-{number % CUSTOMERS}",'
                f'"meter":"{METERS[number // CUSTOMERS % 2]}","quantity":{quantity},'
                f'"used_at":"{used_at:%Y-%m-%dT%H:%M:%SZ}"}}\n'
            )
            file.write(row)
            if chance.random() < REPEATED:
                file.write(row)
    return Decimal(total)


def _copy_limit() -> float:
    """What PostgreSQL takes of the same rows with nothing around it, in batches of 5,000."""
    sql.run("CREATE TABLE bench_usage (LIKE usage_record)")
    line = "1\t1\t1\tuse-000000001\t25\t2026-10-12T15:00:00+00:00\n"
    batch = [line] * 5_000
    started = time.perf_counter()
    for _ in range(_LIMIT_ROWS // 5_000):
        sql.copy("COPY bench_usage FROM STDIN", batch)
    took = time.perf_counter() - started
    sql.run("DROP TABLE bench_usage")
    return _LIMIT_ROWS / took


def _business() -> Connection:
    """Customers with one subscription each, sold by two metered prices."""
    company.seed()
    billing = Connection.objects.get(slug=company.STRIPE)
    product = Connection.objects.get_or_create(
        slug="bench-product",
        defaults={
            "connector": "cloudevents", "label": "Product", "environment": Environment.SANDBOX,
            "base_url": "http://127.0.0.1:9",
        },
    )[0]  # fmt: skip
    now = clock.now() - timedelta(hours=1)
    common = {
        "connection": billing, "legal_entity": LegalEntity.objects.get(code="US-INC"),
        "correlation_id": "co-bench", "created_at": now, "updated_at": now,
    }  # fmt: skip
    for meter, terms in zip(METERS, _terms(), strict=True):
        price = Price.objects.create(**common, source_id=f"bench_{meter}", meter=meter, **terms)
        PriceVersion.objects.create(
            price=price, valid_from=date(2025, 1, 1), version=0, meter=meter, **terms
        )
    parties = Party.objects.bulk_create(
        Party(name=f"Bench {number}", created_at=now, updated_at=now) for number in range(CUSTOMERS)
    )
    customers = Customer.objects.bulk_create(
        Customer(**common, source_id=f"bench-{number}", party=party, name=party.name)
        for number, party in enumerate(parties)
    )
    items = [{"sku": f"bench_{meter}", "quantity": 1} for meter in METERS]
    Subscription.objects.bulk_create(
        Subscription(
            **common, source_id=f"bench-sub-{number}", customer=customer, currency="USD",
            items=items, started_on=date(2025, 1, 1),
        )
        for number, customer in enumerate(customers)
    )  # fmt: skip
    ExternalReference.objects.bulk_create(
        ExternalReference(
            connection=billing, type="customer", external_id=customer.source_id,
            record_kind="customer", record_id=customer.pk,
        )
        for customer in customers
    )  # fmt: skip
    sql.run("ANALYZE canonical_externalreference, canonical_customer, canonical_subscription")
    return product


def _terms() -> tuple[dict[str, Any], dict[str, Any]]:
    common = {
        "currency": "USD", "package_size": Decimal(1), "included": Decimal(10_000),
        "interval_months": 1, "unit_price": Decimal(0), "tiers": [],
    }  # fmt: skip
    tiers = [
        {"up_to": "20000", "unit_price": "0.2", "flat_amount": 0},
        {"up_to": None, "unit_price": "0.1", "flat_amount": 0},
    ]
    return common | {"model": "tiered", "tiers": tiers}, common | {
        "model": "package", "unit_price": Decimal(900), "package_size": Decimal(1000),
    }  # fmt: skip


def _period() -> Span:
    """The month before this one: all of it is over."""
    latest = clock.now().date().replace(day=1) - timedelta(days=1)
    return month(latest.year, latest.month)


def _midday(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
