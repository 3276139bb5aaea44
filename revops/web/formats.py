"""
How money, numbers, instants and durations are written on a page. Pure Python, one string a cell:
a page of fifty rows makes hundreds of these, so none of them renders a template.

Every function returns safe HTML (or plain text where it says so) and writes “not known” for None,
because an empty cell and a dash both read as zero to an accountant.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from revops.kernel import clock
from revops.kernel.money import Money, minor_digits
from revops.kernel.sight import MASK, looking
from revops.web.number_style import styled

NBSP: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
NOT_KNOWN: Final = SafeString('<span class="muted">not known</span>')
MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

Amount = Money | int | None


def figures(minor: int, currency: str) -> tuple[str, str]:
    """
    (``-1234.56``, ``−1,234.56``): for machines and for people, with the currency's own decimals.

    Raises AmountInvalid when the code is no ISO 4217 currency.
    """
    places = minor_digits(currency)
    whole, part = divmod(abs(minor), 10**places)
    tail = f".{part:0{places}d}" if places else ""
    person = styled(f"{whole:,}{tail}")
    if minor < 0:
        return f"-{whole}{tail}", f"{MINUS}{person}"
    return f"{whole}{tail}", person


def money(value: Amount, currency: str = "", *, signed: bool = False) -> SafeString:
    """
    ``USD 1,234.56``, its ISO code first, never broken over lines. Takes Money, or minor units with
    a currency. ``signed`` writes ``+`` before a gain, for differences. Whoever sees no sums
    (``revops.kernel.sight``) gets ``USD ••••``.
    """
    return _money(value, currency, signed=signed, coded=True)


def amount(value: Amount, currency: str = "", *, signed: bool = False) -> SafeString:
    """``1,234.56``, for a column whose heading names its one currency."""
    return _money(value, currency, signed=signed, coded=False)


def money_text(value: Money) -> str:
    """``USD 1,234.56`` as plain text, for titles, labels and sentences; masked as in ``money``."""
    person = figures(value.minor, value.currency)[1] if looking().amounts else MASK
    return f"{value.currency}{NBSP}{person}"


def _money(value: Amount, currency: str, *, signed: bool, coded: bool) -> SafeString:
    if value is None:
        return NOT_KNOWN
    if isinstance(value, Money):
        minor, currency = value.minor, value.currency
    else:
        minor = value
    machine, person = figures(minor, currency)
    if not looking().amounts:
        return SafeString(f"{currency}{NBSP}{MASK}" if coded else MASK)
    if signed and minor > 0:
        person = "+" + person
    code = f"{currency}{NBSP}" if coded else ""
    # The code was looked up in ISO 4217 and the rest is digits: nothing here needs escaping.
    return SafeString(f'<data value="{machine}">{code}{person}</data>')


def mid_sentence(text: str) -> str:
    """
    A label within a sentence: “Any ERP state”, “next problem: journal entry”. The first letter is
    lowered unless the first word is an abbreviation.
    """
    first = text.partition(" ")[0]
    return text if len(first) > 1 and first.isupper() else f"{text[:1].lower()}{text[1:]}"


def number(value: int | None) -> SafeString:
    """``12,345``."""
    if value is None:
        return NOT_KNOWN
    sign = MINUS if value < 0 else ""
    return SafeString(f"{sign}{styled(f'{abs(value):,}')}")


def percent(part: int, whole: int) -> SafeString:
    """``91.2 %``, one decimal, half up; “not known” of nothing."""
    if whole <= 0:
        return NOT_KNOWN
    tenths = (abs(part) * 2000 + whole) // (2 * whole)
    sign = MINUS if part < 0 and tenths else ""
    return SafeString(f"{sign}{styled(f'{tenths // 10:,}.{tenths % 10}')}{NBSP}%")


def when(value: datetime | None, form: str = "short") -> SafeString:
    """
    An instant in the reader's zone, as ``<time>`` with the UTC instant in its attribute.

    Forms: ``short`` (``31 Oct 14:05``, with the year unless it is this one), ``seconds``
    (``31 Oct 14:05:02``), ``time`` (``14:05``), ``utc`` (``2026-10-31 14:05:02``, in UTC, for
    evidence and print). Raises ValueError for a naive instant or an unknown form.
    """
    if value is None:
        return NOT_KNOWN
    if value.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    utc = value.astimezone(UTC)
    machine = f"{utc:%Y-%m-%dT%H:%M:%SZ}"
    if form == "utc":
        shown = f"{utc:%Y-%m-%d}{NBSP}{utc:%H:%M:%S}"
    else:
        zone = timezone.get_current_timezone()
        shown = _local(value.astimezone(zone), clock.now().astimezone(zone).year, form)
    return SafeString(f'<time datetime="{machine}">{shown}</time>')


def _local(local: datetime, this_year: int, form: str) -> str:
    if form == "time":
        return f"{local:%H:%M}"
    if form not in {"short", "seconds"}:
        raise ValueError(f"“{form}” is no form of an instant.")
    year = "" if local.year == this_year else f"{NBSP}{local.year}"
    hour = f"{local:%H:%M:%S}" if form == "seconds" else f"{local:%H:%M}"
    return f"{local.day}{NBSP}{MONTHS[local.month - 1]}{year}{NBSP}{hour}"


def accounting_date(value: date | None) -> SafeString:
    """``2026-10-31``. Takes a date in the entity's zone; raises TypeError for an instant."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, datetime):
        raise TypeError("An accounting date is a day of the entity's zone, not an instant.")
    text = value.isoformat()
    return SafeString(f'<time class="keep" datetime="{text}">{text}</time>')


def span_text(length: timedelta) -> str:
    """Plain text of a duration in its two largest units: ``3 d 4 h``, ``14 min``, ``38 s``."""
    seconds = int(abs(length).total_seconds())
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    if days >= 14:
        parts = [(days, "d")]
    elif days:
        parts = [(days, "d"), (hours, "h")]
    elif hours:
        parts = [(hours, "h"), (minutes, "min")]
    elif minutes:
        parts = [(minutes, "min")]
    else:
        parts = [(left, "s")]
    return NBSP.join(f"{count}{NBSP}{unit}" for count, unit in parts if count or len(parts) == 1)


def age(value: datetime | timedelta | None, *, at: datetime | None = None) -> SafeString:
    """``3 d 4 h``: since an instant (until ``at``, by default now), or a length of time."""
    if value is None:
        return NOT_KNOWN
    length = value if isinstance(value, timedelta) else (at or clock.now()) - value
    return SafeString(span_text(max(length, timedelta())))


def until(value: datetime | None, *, at: datetime | None = None) -> SafeString:
    """``in 2 h 5 min`` or ``2 h 5 min ago``."""
    if value is None:
        return NOT_KNOWN
    length = value - (at or clock.now())
    text = span_text(length)
    shown = f"in{NBSP}{text}" if length >= timedelta() else f"{text}{NBSP}ago"
    return SafeString(shown)


def due(
    value: datetime | None, *, soon: timedelta = timedelta(hours=4), at: datetime | None = None
) -> SafeString:
    """``due in 3 d``; amber within ``soon``; red and ``2 h late`` afterwards."""
    if value is None:
        return NOT_KNOWN
    length = value - (at or clock.now())
    text = span_text(length)
    if length < timedelta():
        shown = f'<span class="crit-word">{text}{NBSP}late</span>'
    elif length <= soon:
        shown = f'<span class="warn-word">due in{NBSP}{text}</span>'
    else:
        shown = f"due in{NBSP}{text}"
    return SafeString(shown)


def duration(milliseconds: int | None) -> SafeString:
    """How long a call took: ``310 ms``, ``1.1 s``, ``2 min``."""
    if milliseconds is None:
        return NOT_KNOWN
    if milliseconds < 1000:
        shown = f"{milliseconds}{NBSP}ms"
    elif milliseconds < 60_000:
        tenths = milliseconds // 100
        shown = f"{tenths // 10}.{tenths % 10}{NBSP}s"
    else:
        shown = span_text(timedelta(milliseconds=milliseconds))
    return SafeString(shown)
