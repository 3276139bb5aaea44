"""Dates are read in the zone of the books, whatever the zone of the event before was."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.systems.stripe.connector import connector
from revops.events.operations import Claimed
from revops.kernel import clock
from revops.pipeline import normalize, sources
from revops.pipeline.sources import Source
from tests.connectors.stripe_recorded import body
from tests.factories import a_connection

pytestmark = pytest.mark.django_db
ZONES = {"US": "America/Los_Angeles", "JP": "Asia/Tokyo", "": None}


class Counting:
    """Stripe, with a count of the readings."""

    def __init__(self) -> None:
        self.readings = 0

    def open(self, raw: bytes) -> Any:
        return connector.open(raw)

    def translate(self, *given: Any) -> Any:
        self.readings += 1
        return connector.translate(*given)


@pytest.fixture
def source() -> Source:
    sources.forget()
    return replace(sources.by_id(a_connection("shop", "stripe").pk), connector=Counting())


def claimed(number: int, entity: str) -> Claimed:
    # At 2026-01-15T02:00Z it is the day before in Los Angeles, and the same day in Tokyo.
    event = body("customer_created__with_address", metadata={"legal_entity": entity})
    if entity != "":
        event = body(
            "invoice_finalized__annual_with_tax", metadata={"legal_entity": entity},
            effective_at=1768442400,
        )  # fmt: skip
    raw = json.dumps(event | {"id": f"evt_{number}"}).encode()
    return Claimed(number, 1, "webhook", event["type"], raw, "c", 0, False, "", None, clock.now())


def read(source: Source, order: tuple[str, ...], *, guess: bool) -> list[Any]:
    found, zone = [], ""
    for number, entity in enumerate(order):
        item = normalize.normalize(
            source, claimed(number, entity),
            zone_of=lambda data: ZONES[getattr(data, "legal_entity", "")],
            likely=zone if guess else "",
        )  # fmt: skip
        assert not item.problem
        found.append([meaning.data for meaning in item.meanings])
        zone = item.zone or zone
    return found


@pytest.mark.parametrize("order", list(itertools.permutations(("US", "US", "JP", ""))))
def test_the_zone_that_is_tried_first_changes_no_date(
    source: Source, order: tuple[str, ...]
) -> None:
    plain = read(source, order, guess=False)
    assert read(source, order, guess=True) == plain
    days = {item[0].issued_on.day for item, entity in zip(plain, order, strict=True) if entity}
    assert days == {14, 15}


def test_events_of_one_zone_are_read_once_each(source: Source) -> None:
    read(source, ("US",) * 20, guess=True)
    assert source.connector.readings == 21


class WithMore(Counting):
    """Tells with each invoice of a customer, who names no entity."""

    def translate(self, envelope: Any, settings: Any) -> Any:
        customer = body("customer_created__with_address", metadata={"legal_entity": ""})
        told = connector.open(json.dumps(customer).encode())
        return [*connector.translate(told, settings), *super().translate(envelope, settings)]


def test_what_names_no_entity_does_not_take_its_zone_from_what_names_one(source: Source) -> None:
    """What is nobody's is the default entity's, whose zone is another one."""
    item = normalize.normalize(
        replace(source, connector=WithMore()), claimed(1, "JP"),
        zone_of=lambda data: ZONES[getattr(data, "legal_entity", "") or "US"], likely="",
    )  # fmt: skip
    assert item.zone == ZONES["JP"]
    invoice: Any = item.meanings[-1].data
    assert invoice.issued_on.day == 15
