"""What people type in the workbench and in the editor of a rule."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import QueryDict

from revops.kernel.money import AmountInvalid, Money
from revops.mappings.models import LegalEntity
from revops.reconciliation import terms
from revops.reconciliation.operations.matching import Wanted
from revops.reconciliation.reasons import REASONS

_NO_REASON: Final = ("", "Choose a reason")


class MatchForm(forms.Form):
    """The boxes of the running bar; the picked rows are read beside it (``wanted``)."""

    reason = forms.ChoiceField(
        label="The difference is", required=False,
        choices=[_NO_REASON, *((one.code, one.label) for one in REASONS.values())],
    )  # fmt: skip
    expected_by = forms.DateField(
        label="Gone by", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(label="Note", required=False, max_length=1_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["id"] = name.replace("_", "-")

    def wanted(self, typed: QueryDict) -> Wanted:
        """Only of a form that is valid."""
        found = self.cleaned_data
        return Wanted(
            typed.getlist("left"), typed.getlist("right"), reason=found["reason"],
            expected_by=found["expected_by"], note=found["note"],
        )  # fmt: skip


class RuleForm(forms.Form):
    """A rule's boxes; an amount is typed as people write it, in the rule's currency."""

    name = forms.CharField(label="Name", max_length=120)
    strength = forms.ChoiceField(label="It", choices=[
        ("automatic", "matches by itself"), ("suggest", "suggests; a person confirms"),
    ])  # fmt: skip
    shape = forms.ChoiceField(label="It joins", choices=[
        (code, f"{words} ({code})") for code, words in terms.SHAPES.items()
    ])  # fmt: skip
    keys = forms.MultipleChoiceField(
        label="Both sides share", choices=list(terms.KEYS.items()), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    reference_in_text = forms.BooleanField(
        label="The text of one side names the number of the other", required=False
    )
    entity = forms.ChoiceField(label="Legal entity", required=False)
    currency = forms.ChoiceField(label="Currency", required=False)
    amount_within = forms.CharField(
        label="Amounts differ by at most", max_length=20, required=False
    )
    per_mille = forms.IntegerField(
        label="Or by at most, per mille", required=False, min_value=0, max_value=100
    )
    days_within = forms.IntegerField(
        label="Days differ by at most", required=False, min_value=0, max_value=92
    )
    reason = forms.ChoiceField(
        label="Then the difference is", required=False,
        choices=[_NO_REASON, *((one.code, one.label) for one in REASONS.values())],
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entities = {one.code: one.pk for one in LegalEntity.objects.order_by("name")}
        names = dict(LegalEntity.objects.values_list("code", "name"))
        known = LegalEntity.objects.values_list("functional_currency", flat=True)
        self._offer("entity", [("", "All"), *((code, names[code]) for code in self._entities)])
        self._offer("currency", [("", "Any"), *((one, one) for one in sorted(set(known)))])
        for name, field in self.fields.items():
            field.widget.attrs["id"] = name.replace("_", "-")

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        text = str(found.get("amount_within") or "").replace(",", "").strip()
        found["amount_within"] = 0
        if text:
            try:
                found["amount_within"] = Money.parse(text, found.get("currency") or "USD").minor
            except AmountInvalid:
                self.add_error("amount_within", "Write an amount such as 12.50.")
            if not found.get("currency"):
                self.add_error("currency", "Choose the currency of this amount.")
        return found

    def values(self) -> dict[str, Any]:
        """The fields of ``operations.rules.put``; only of a form that is valid."""
        found = self.cleaned_data
        return {
            "name": " ".join(found["name"].split()), "strength": found["strength"],
            "shape": found["shape"], "keys": found["keys"],
            "reference_in_text": found["reference_in_text"],
            "amount_within": found["amount_within"], "per_mille": found["per_mille"] or 0,
            "days_within": found["days_within"], "reason": found["reason"],
            "legal_entity_id": self._entities.get(found["entity"]), "currency": found["currency"],
        }  # fmt: skip

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
