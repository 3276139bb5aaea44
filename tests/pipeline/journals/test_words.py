"""People read what a journal is, never its type's name."""

from __future__ import annotations

import pytest

from revops.ledger.drafts import DOCUMENT_TYPES
from revops.lineage.queries import hops
from revops.pipeline import findings


@pytest.mark.parametrize("words", [hops.DOCUMENTS, findings.DOCUMENTS])
def test_every_document_has_words(words: dict[str, str]) -> None:
    assert words.keys() == DOCUMENT_TYPES
