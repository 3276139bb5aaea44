"""A certificate on paper: what it says, that it holds its signed file, that it is repeatable."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime

import pytest

from accounts.models import User
from revops.audit import anchors
from revops.close.certificate import operations, pdf
from revops.close.certificate.canonical import opened
from revops.kernel.money import Money
from revops.mappings.models import LegalEntity
from revops.web.formats import money_text
from tests.close.test_certificate import booked, sealed

pytestmark = pytest.mark.django_db


def streams(document: bytes) -> list[bytes]:
    """What every stream holds. A packed one knows its own end, which may look like a line's end."""
    found = []
    for start in re.finditer(rb"(?<!end)stream\r?\n", document):
        rest = document[start.end() :]
        try:
            found.append(zlib.decompressobj().decompress(rest))
        except zlib.error:
            found.append(rest.split(b"endstream", 1)[0])
    return found


def test_holds_the_signed_file(us: LegalEntity, mona: User) -> None:
    booked(us)
    certificate = sealed(mona)
    (file,) = [one for one in streams(pdf.of(certificate)) if b'"revops-certificate:v1"' in one]
    assert file.decode() == operations.as_file(certificate)
    assert opened(file.decode(), anchors.public_key()).text == certificate.body


def test_is_the_same_each_time_and_of_the_archive_kind(us: LegalEntity, mona: User) -> None:
    booked(us)
    certificate = sealed(mona)
    first = pdf.of(certificate)
    assert first == pdf.of(certificate)
    assert any(b"<pdfaid:part>3</pdfaid:part>" in one for one in streams(first))


def test_one_that_is_suspended_says_so(us: LegalEntity, mona: User) -> None:
    booked(us)
    certificate = sealed(mona)
    told = pdf.told_on_paper(certificate)
    assert told["suspended"] == ""
    certificate.suspended_at = datetime(2026, 11, 4, 10, tzinfo=UTC)
    certificate.suspended_why = "Changed since it was sealed: entries in the books."
    assert pdf.told_on_paper(certificate)["suspended"] == (
        "2026-11-04 10:00 UTC. Changed since it was sealed: entries in the books."
    )
    assert pdf.of(certificate) != b""


def test_says_in_words_what_the_evidence_counts(us: LegalEntity, mona: User) -> None:
    entry = booked(us)
    told = pdf.told_on_paper(sealed(mona))
    assert told["events"] == [["In the ERP", "1"], ["All events in scope", "1"]]
    amount = money_text(Money(entry.amount, entry.currency))
    assert told["entries"] == [["In the ERP", "1", amount]]
