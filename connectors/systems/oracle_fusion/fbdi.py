"""
The file that Fusion's journal import reads: ``GlInterface.csv`` in a ZIP, without a header, by
position. The positions are those of Oracle's template *Journal Import* of 25C (149 columns).
"""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Final

from connectors.caller import major
from connectors.postings import Posting
from connectors.systems.oracle_fusion.books import Ledger
from connectors.systems.oracle_fusion.placing import Place
from connectors.systems.oracle_fusion.wire import Fusion
from revops.kernel.money import minor_digits

COLUMNS: Final = 149
CSV: Final = "GlInterface.csv"
ZIP: Final = "GlInterface.zip"
STATUS, LEDGER, DAY, SOURCE, CATEGORY, CURRENCY, CREATED, ACTUAL = range(8)
SEGMENT1: Final = 8
ENTERED_DR, ENTERED_CR, ACCOUNTED_DR, ACCOUNTED_CR = 38, 39, 40, 41
BATCH_NAME, BATCH_TEXT, JOURNAL_NAME, JOURNAL_TEXT = 42, 43, 45, 46
LINE_TEXT: Final = 51
GROUP: Final = 66
PERIOD: Final = 94
_TEXT: Final = 240


def archive(key: str, posting: Posting, place: Place, fusion: Fusion, *, group: str) -> bytes:
    """One journal. The batch's name begins with our key: that is how it is found again."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    for line in posting.lines:
        row = [""] * COLUMNS
        row[STATUS], row[ACTUAL] = "NEW", "A"
        row[LEDGER], row[PERIOD] = place.ledger.unit.ledger, place.period.name
        row[DAY] = row[CREATED] = posting.day.replace("-", "/")
        row[SOURCE], row[CATEGORY] = fusion.journal_source, fusion.journal_category
        row[CURRENCY] = posting.currency
        segments = fusion.combination(line.account, place.ledger.unit).split("-")
        row[SEGMENT1 : SEGMENT1 + len(segments)] = segments
        digits = minor_digits(posting.currency)
        side = ENTERED_DR if line.debit else ENTERED_CR
        row[side] = format(major(line.debit or line.credit, digits), "f")
        row[BATCH_NAME] = row[JOURNAL_NAME] = key
        row[BATCH_TEXT] = row[JOURNAL_TEXT] = f"{posting.number} {posting.text}".strip()[:_TEXT]
        row[LINE_TEXT] = _text(line.memo, line.document, posting)
        row[GROUP] = group
        writer.writerow(row)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as held:
        held.writestr(CSV, sheet.getvalue())
    return packed.getvalue()


def parameters(ledger: Ledger, fusion: Fusion, *, group: str) -> str:
    """
    Of the journal import: data access set, source, ledger, group, errors to suspense, summary,
    descriptive flexfields. The group is exactly ours: *all* would import what others left.
    """
    given = (fusion.data_access_set, fusion.journal_source, ledger.unit.ledger, group)
    return ",".join((*given, "N", "N", "N"))


def _text(memo: str, document: int, posting: Posting) -> str:
    """What a line was in its document's currency is told here: the journal is in the ledger's."""
    second = posting.document_currency
    if document and second:
        memo = f"{memo} ({second} {major(document, minor_digits(second)):f})".strip()
    return memo[:_TEXT]
