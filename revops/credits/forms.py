"""What a person types about a credit. Everything may be missing: a draft is kept as it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from revops.credits import life
from revops.credits.models import On
from revops.credits.queries.sheet import Draft
from revops.credits.terms import PROMISE, RULE, share
from revops.mappings.models import LegalEntity


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


class TermsForm(forms.Form):
    """What all terms have; ``terms.problems`` says what is wrong with what they say."""

    entity = forms.ChoiceField(label="Legal entity", required=False)
    starts = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    end = forms.BooleanField(label="It ends with that day", required=False)
    note = forms.CharField(label="Why", required=False, max_length=300)

    what = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entity = self.fields["entity"]
        assert isinstance(entity, forms.ChoiceField)
        known = LegalEntity.objects.order_by("name").values_list("code", "name")
        entity.choices = [("", "All legal entities"), *known]
        for name, field in self.fields.items():
            field.widget.attrs["id"] = name.replace("_", "-")

    def terms(self) -> dict[str, Any]:
        """The particular part."""
        return {}

    def content(self) -> dict[str, Any]:
        """What would be asked for. What cannot be read is blank."""
        self.is_valid()
        found = self.cleaned_data
        starts = found.get("starts")
        return {
            "what": self.what,
            "entity": found.get("entity") or "",
            "starts": starts.isoformat() if starts else "",
            "end": bool(found.get("end")),
            "note": (found.get("note") or "").strip(),
            "terms": self.terms(),
        }

    def text(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "").strip()


class PromiseForm(TermsForm):
    label = forms.CharField(label="Name", required=False, max_length=120)
    plan = forms.CharField(label="Plan or feature", required=False, max_length=120)
    promise = forms.CharField(label="What is promised", required=False, max_length=60)
    severity = forms.CharField(label="Severity, blank for any", required=False, max_length=40)
    target = forms.CharField(
        label="In words, such as 99.9 % a month", required=False, max_length=120
    )
    gives = forms.CharField(label="A breach gives, % of the month", required=False, max_length=12)
    most = forms.CharField(
        label="At most, % of twelve months", required=False, max_length=12, initial="0"
    )

    what = PROMISE
    field_order = (
        "label", "plan", "promise", "severity", "target", "gives", "most", "entity", "starts",
        "end", "note",
    )  # fmt: skip

    def terms(self) -> dict[str, Any]:
        return {
            "label": self.text("label"),
            "plan": self.text("plan"),
            "promise": self.text("promise").replace(" ", "_"),
            "severity": self.text("severity"),
            "target": self.text("target"),
            "gives": share(self.text("gives")),
            "most": share(self.text("most") or "0"),
        }


class RuleForm(TermsForm):
    name = forms.CharField(label="Name", required=False, max_length=120)
    on = forms.ChoiceField(label="When", required=False, choices=On.choices)
    severities = forms.CharField(label="Severities with commas, blank for any", required=False)
    promise = forms.CharField(label="Broken promise, blank for any", required=False, max_length=60)
    reason_code = forms.ChoiceField(
        label="Reason", required=False, choices=list(life.REASONS.items())
    )
    keeps_days = forms.IntegerField(label="Kept for, days", required=False, initial=30)
    sends = forms.BooleanField(label="It asks for approval at once", required=False)

    what = RULE
    field_order = (
        "name", "on", "severities", "promise", "reason_code", "keeps_days", "sends", "entity",
        "starts", "end", "note",
    )  # fmt: skip

    def terms(self) -> dict[str, Any]:
        listed = (part.strip() for part in self.text("severities").split(","))
        return {
            "name": self.text("name"),
            "on": self.text("on"),
            "severities": sorted({part for part in listed if part}),
            "promise": self.text("promise").replace(" ", "_"),
            "reason_code": self.text("reason_code"),
            "sends": bool(self.cleaned_data.get("sends")),
            "keeps_days": self.cleaned_data.get("keeps_days"),
        }
