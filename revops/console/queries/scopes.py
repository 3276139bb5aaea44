"""What the entity and period switches of the top bar offer."""

from __future__ import annotations

from django.http import HttpRequest

from revops.mappings.models import AccountingPeriod, LegalEntity

# Two years of months, several calendars: the newest are what anybody looks for.
_PERIODS = 24


def entities(request: HttpRequest) -> dict[str, str]:
    """Code → name of every legal entity."""
    return dict(LegalEntity.objects.order_by("name").values_list("code", "name"))


def periods(request: HttpRequest) -> dict[str, str]:
    """The codes of the newest periods, whichever entity's."""
    codes = (AccountingPeriod.objects.order_by("-code").values_list("code", flat=True).distinct())[
        :_PERIODS
    ]
    return {code: code for code in codes}
