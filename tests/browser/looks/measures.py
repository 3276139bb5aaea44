"""The page of measures, sampled and before the first sample."""

from __future__ import annotations

from typing import Final

from revops.measures.models import Sample
from revops.measures.operations.sampling import sample
from tests.browser.looks import Look
from tests.browser.stage import Stage


def sampled(stage: Stage) -> str:
    sample()
    return "/measures/"


def never(stage: Stage) -> str:
    Sample.objects.all().delete()
    return "/measures/"


PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "measures:page": (
        Look("measures-none", never), Look("measures", sampled, by="Marcus"),
        Look("measures-auditor", sampled, by="Yuki"),
    ),
}  # fmt: skip
