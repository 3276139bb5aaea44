"""Differences of every type, planted in two lists: each is found as what it is, nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from revops.bench import reconciliation, reconciliation_lists
from revops.reconciliation.models import Break
from revops.reconciliation.operations import runs


@pytest.mark.django_db
class TestThousandsOfRows:
    def test_with_every_type_planted_are_found_right(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runs, "WHOLE_BELOW", 0)
        found = reconciliation.measure(rows=2_600, every=20, peers=False)
        assert found["wrong"] == []
        assert found["unclassified"] == [0, 0]
        assert found["the_same_again"]
        types = Counter(Break.objects.values_list("type", flat=True))
        assert types.keys() == set(reconciliation_lists.TYPES)
        assert found["looks"]["nothing changed"]["keys"] == 0
        assert found["looks"]["1,000 rows changed and agree"]["keys"] > 100
