"""What a tenant calls its objects and fields, read from the connection's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from connectors.manifest import Manifest

COMPANY: Final = "Company"
# Fields that a tenant adds to Company and to both custom objects (README, "Setting up").
KEY: Final = "RevOps_Key__gc"
DIGEST: Final = "RevOps_Digest__gc"
VERSION: Final = "RevOps_Version__gc"


@dataclass(frozen=True, slots=True)
class Names:
    """``others`` are (system, field of Company). Names that may be empty switch a reading off."""

    customer_field: str
    others: tuple[tuple[str, str], ...]
    parent_field: str
    currency: str
    currency_field: str
    score_field: str
    score_changed_field: str
    green_from: int
    yellow_from: int
    arr_field: str
    renewal_field: str
    likelihood_field: str
    milestone_object: str
    milestone_field: str
    milestones: tuple[str, ...]
    entitlement_object: str
    signal_object: str

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """Parameters that are not given, or None, have the manifest's defaults."""

        def value(name: str) -> Any:
            given = parameters.get(name)
            return _DEFAULTS.get(name) if given is None else given

        def text(name: str) -> str:
            return str(value(name) or "").strip()

        def number(name: str) -> int:
            return int(value(name))

        return cls(
            customer_field=text("customer_field"),
            others=tuple(_pairs(text("other_ids"))),
            parent_field=text("parent_field"),
            currency=text("currency").upper(),
            currency_field=text("currency_field"),
            score_field=text("score_field"),
            score_changed_field=text("score_changed_field"),
            green_from=number("green_from"),
            yellow_from=number("yellow_from"),
            arr_field=text("arr_field"),
            renewal_field=text("renewal_field"),
            likelihood_field=text("likelihood_field"),
            milestone_object=text("milestone_object"),
            milestone_field=text("milestone_field"),
            milestones=tuple(_listed(text("milestones"))),
            entitlement_object=text("entitlement_object"),
            signal_object=text("signal_object"),
        )

    @property
    def company_read(self) -> list[str]:
        """The fields of Company that a poll asks for."""
        wanted = [
            "Gsid",
            "Name",
            "CreatedDate",
            "ModifiedDate",
            self.customer_field,
            self.parent_field,
            *(name for _, name in self.others),
            self.currency_field,
            self.score_field,
            self.score_changed_field,
        ]
        if self.likelihood_field:
            wanted += [self.likelihood_field, self.renewal_field, self.arr_field]
        return [name for name in dict.fromkeys(wanted) if name]

    @property
    def company_written(self) -> list[str]:
        """The fields of Company that a command may write."""
        return [
            name
            for name in (
                "Name",
                self.customer_field,
                self.parent_field,
                *(field for _, field in self.others),
                self.arr_field,
                self.renewal_field,
                KEY,
                DIGEST,
                VERSION,
            )
            if name
        ]

    @property
    def milestone_read(self) -> list[str]:
        """The fields of a timeline activity that a poll asks for."""
        return ["Gsid", "GsCompanyId", "ActivityDate", "LastModifiedDate", self.milestone_field]


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _pairs(text: str) -> list[tuple[str, str]]:
    found = []
    for item in _listed(text):
        system, _, name = item.partition("=")
        if system.strip() and name.strip():
            found.append((system.strip(), name.strip()))
    return found


_DEFAULTS: Final[Mapping[str, Any]] = {
    item.name: item.default
    for item in Manifest.beside(str(Path(__file__).with_name("connector.py"))).parameters
}
