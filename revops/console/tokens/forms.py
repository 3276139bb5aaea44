"""What an administrator fills in for a new token."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from accounts.models import User
from accounts.tokens import ENTITY, SCOPES
from revops.mappings.models import LegalEntity

_LIVES: Final = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "A year"}


class TokenForm(forms.Form):
    """``scopes`` gives those chosen, with the limit to a legal entity among them."""

    name = forms.CharField(label="What uses it", max_length=120)
    owner = forms.ModelChoiceField(
        label="Who answers for it", queryset=User.objects.none(), empty_label=None
    )
    days = forms.ChoiceField(label="How long it lives", choices=list(_LIVES.items()), initial="90")
    entity = forms.ChoiceField(label="Legal entities", required=False)
    may = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, f"{scope}: {words}") for scope, words in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(label="Why", max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner, entity = self.fields["owner"], self.fields["entity"]
        assert isinstance(owner, forms.ModelChoiceField)
        assert isinstance(entity, forms.ChoiceField)
        owner.queryset = User.objects.filter(is_active=True, sealed_at=None).order_by("name")
        codes = LegalEntity.objects.order_by("name").values_list("code", "name")
        entity.choices = [("", "All legal entities"), *codes]

    @property
    def scopes(self) -> list[str]:
        entity = self.cleaned_data["entity"]
        return [*self.cleaned_data["may"], *([f"{ENTITY}{entity}"] if entity else [])]
