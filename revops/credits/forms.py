"""What a person types about a credit. Everything may be missing: a draft is kept as it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from revops.credits import life
from revops.credits.queries.sheet import Draft


class CreditForm(forms.Form):
    """Reads leniently; whether it can be sent is said by ``sheet``, field by field."""

    sought = forms.CharField(required=False, max_length=200)
    invoice = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    case = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    party = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    credit_type = forms.ChoiceField(
        required=False, choices=[(slug, words[0]) for slug, words in life.TYPES.items()]
    )
    reason = forms.ChoiceField(required=False, choices=list(life.REASONS.items()))
    amount = forms.CharField(required=False, max_length=40)
    happened_on = forms.DateField(required=False)
    ticket = forms.CharField(required=False, max_length=120)
    note = forms.CharField(required=False, max_length=4_000)
    exception = forms.BooleanField(required=False)
    duplicates = forms.BooleanField(required=False)


def read(post: QueryDict) -> Draft:
    """The draft that the form says; what cannot be read is blank, except the amount."""
    form = CreditForm(post)
    form.is_valid()
    found: dict[str, Any] = form.cleaned_data
    return Draft(
        sought=found.get("sought") or "",
        invoice_id=found.get("invoice"),
        case_id=found.get("case"),
        party_id=found.get("party"),
        credit_type=found.get("credit_type") or "sla_period",
        reason_code=found.get("reason") or "uptime",
        amount=(found.get("amount") or post.get("amount", ""))[:40],
        happened_on=found.get("happened_on"),
        ticket=found.get("ticket") or "",
        note=found.get("note") or post.get("note", "")[:4_001],
        asks_exception=bool(found.get("exception")),
        saw_duplicates=bool(found.get("duplicates")),
    )


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(min_length=5, max_length=1_000, strip=True)
