"""
What every contract shares.

Strict models: unknown fields and coerced types are refused, because a value that needed guessing
would be money that was guessed. Equal facts give equal values, so that content can be compared.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from revops.kernel.money import LIMIT, AmountInvalid, minor_digits
from revops.kernel.strict_json import storable

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT_FORM: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
_INSTANT = re.compile(_INSTANT_FORM.rstrip("$") + r"\Z", re.ASCII)
_EXACT_FORM: Final = r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$"
_EXACT = re.compile(_EXACT_FORM.rstrip("$") + r"\Z", re.ASCII)
_TOO_LONG: Final = "A number has at most 15 digits before its point and 12 after it."

# No control characters: an id is compared, searched and printed.
_ID_FORM: Final = r"^[^\x00-\x1f\x7f]*$"


def _known_currency(code: str) -> str:
    try:
        minor_digits(code)
    except AmountInvalid as error:
        raise ValueError(str(error)) from error
    return code


def _clean(value: Any) -> Any:
    """NUL and lone surrogates become U+FFFD here; the inbox keeps the body as it came."""
    return storable(value)[0] if isinstance(value, str) else value


def _day(value: Any) -> Any:
    """Pydantic would also take 1735689600, "1735689600" and midnights: none of them is a day."""
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("A day is written as 2025-01-31.")


def _instant(value: Any) -> Any:
    """A number could be seconds or milliseconds, and a text without its offset any zone's."""
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.match(value)):
        return value
    raise ValueError("An instant is written with its offset, as 2025-01-31T23:59:59Z.")


def _exact(value: Any) -> Any:
    """Equal numbers become the same Decimal (1.50 is 1.5), whatever form they came in."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("A number is written in digits, such as 8.25.")
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 15:
            raise ValueError(_TOO_LONG)
        text = _short(format(value, "f"))
    else:
        text = str(value)
    if not _EXACT.match(text):
        raise ValueError(_TOO_LONG)
    return Decimal(_short(text)) + 0  # no minus before a zero


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


Minor = Annotated[
    int,
    Field(strict=True, gt=-LIMIT, lt=LIMIT, description="Minor units of the event's currency."),
]
Taken = Annotated[
    int,
    Field(strict=True, ge=0, lt=LIMIT, description="Minor units; the event's name says which way."),
]
Count = Annotated[int, Field(strict=True)]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    AfterValidator(_known_currency),
    Field(description="ISO 4217 code."),
]
Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=120, strip_whitespace=True, pattern=_ID_FORM),
    Field(description="The source system's own id of the object."),
]
MaybeId = Annotated[
    str,
    StringConstraints(max_length=120, strip_whitespace=True, pattern=_ID_FORM),
    Field(description="The source system's own id of the object; empty when it is not known."),
]
Text = Annotated[str, BeforeValidator(_clean), StringConstraints(max_length=2000)]
Day = Annotated[date, BeforeValidator(_day), Field(description="A day in the entity's zone.")]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _INSTANT_FORM}),
    Field(description="An instant with its offset."),
]
Exact = Annotated[
    Decimal,
    BeforeValidator(_exact),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": _EXACT_FORM}]}),
]
Flag = Annotated[bool, Field(strict=True)]


class Part(BaseModel):
    """A piece of an event's data."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EventData(Part):
    """
    The data of one version of one event.

    ``contract`` is ``type/version``; ``subject`` names the kind of canonical record that the
    event is about, and ``subject_id`` that record's id in the source system.
    """

    contract: ClassVar[str]
    subject: ClassVar[str]

    @property
    def subject_id(self) -> str:
        raise AttributeError(f"{type(self).__name__} names no subject.")

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """(kind, source id) of the records that must be known before this event can apply."""
        return ()

    @property
    def related(self) -> tuple[tuple[str, str], ...]:
        """
        (kind, id) of records that another system told of, or may tell of later: they are linked
        when both are known, in whichever order that happens. The event never waits for them.
        """
        return ()


class ServicePeriod(Part):
    """When value is delivered; both days included, in the legal entity's zone."""

    start: Day
    end: Day

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end < self.start:
            raise ValueError("The service period ends before it starts.")
        return self
