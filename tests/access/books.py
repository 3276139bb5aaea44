"""What a side booked and posted, and the usage that it rated."""

from __future__ import annotations

from datetime import date

from revops.delivery.models import Attempt
from revops.kernel import clock, correlation
from revops.ledger.models import Recognition
from revops.lineage.models import Link
from revops.usage.models import Account, DayTotal, RatedLine, Stream
from tests import factories as make
from tests.access.sides import DAY, Side


def book(side: Side) -> None:
    """A journal, its schedule and its posting."""
    amount, made = side.amount, side.made
    made["entry"] = entry = make.a_journal(
        side.entity, lines=(("1200", amount), ("2400", -amount)), record_kind="invoice",
        record_id=side.invoice.pk, description=f"Invoice of {side.name}",
        business_key=f"stripe:in_{side.mark}",
    )  # fmt: skip
    made["period"] = entry.period
    made["schedule"] = schedule = make.a_schedule(
        entry, total=amount, functional_total=amount, sku=f"price_{side.mark}"
    )
    Recognition.objects.create(
        schedule=schedule, period_code=entry.period.code, amount=amount, functional_amount=amount
    )
    made["command"] = command = make.a_command(entry, external_id=f"ERP-{side.mark}")
    Attempt.objects.create(
        command=command, number=1, fence=1, kind="send", intent_at=clock.now(),
        request_sha256="0" * 64, excerpt=f"Sent for {side.name}",
    )  # fmt: skip
    Link.objects.create(from_kind="invoice", from_id=side.invoice.pk, to_kind="journal",
                        to_id=entry.pk, created_at=clock.now())  # fmt: skip


def use(side: Side) -> None:
    now, meter = clock.now(), f"calls_{side.mark}"
    stream = Stream.objects.create(
        connection=make.a_connection("product", "cloudevents"), customer_ref=f"cus_{side.mark}",
        meter=meter, source=side.name, created_at=now,
    )  # fmt: skip
    DayTotal.objects.create(
        stream=stream, day=DAY, subscription=side.subscription, quantity=side.amount, records=1,
        last_used_at=now,
    )  # fmt: skip
    made = side.made
    made["usage"] = Account.objects.create(subscription=side.subscription, meter=meter)
    made["rated"] = RatedLine.objects.create(
        key=f"key_{side.mark}", subscription=side.subscription, customer=side.customer,
        legal_entity=side.entity, meter=meter, price_ref=f"price_{side.mark}", currency="USD",
        period_start=date(2026, 10, 1), period_end=date(2026, 10, 31), used_from=DAY, used_to=DAY,
        quantity=side.amount, free=0, charged=side.amount, records=1, amount=side.amount,
        rated_at=now, correlation_id=correlation.new_id(), state="final",
    )  # fmt: skip
