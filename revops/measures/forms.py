"""The boxes of an objective, and of an assumption."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django import forms

from revops.measures.bounds import BOUNDS
from revops.measures.words import bound_of

_TIMES: Final = [(str(one), bound_of(one)) for one in BOUNDS]


class ObjectiveForm(forms.Form):
    """``target`` is a percentage with at most two decimals."""

    target = forms.DecimalField(
        label="Good, percent", min_value=Decimal("0.01"), max_value=Decimal("99.99"),
        decimal_places=2,
    )  # fmt: skip
    within = forms.TypedChoiceField(label="Within", choices=_TIMES, coerce=int, required=False)
    days = forms.IntegerField(label="Over, days", min_value=1, max_value=90)

    def hundredths(self) -> int:
        return int(self.cleaned_data["target"] * 100)


class AssumptionForm(forms.Form):
    seconds = forms.IntegerField(label="Seconds for one row", min_value=1, max_value=86_400)
    note = forms.CharField(label="Where the number comes from", max_length=1_000, required=False)
