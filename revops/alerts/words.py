"""Rules and values in words. Amounts with their code, times in their two largest units."""

from __future__ import annotations

from datetime import timedelta

from revops.alerts.deciding import Quiet, Terms
from revops.alerts.measures import Measure, MeasureUnknown, Unit, get
from revops.alerts.models import Rule
from revops.kernel.money import Money
from revops.web.formats import NBSP, span_text


def amount_of(measure: str, value: int, currency: str) -> str:
    """``USD 50,000.00``, ``2 h`` or ``12``."""
    try:
        unit = get(measure).unit
    except MeasureUnknown:
        unit = Unit.COUNT
    if unit is Unit.MONEY:
        return str(Money(value, currency))
    if unit is Unit.MINUTES:
        return span_text(timedelta(minutes=value)) if value else f"0{NBSP}min"
    return f"{value:,}"


def limit_of(terms: Terms) -> str:
    """``more than USD 50,000.00``."""
    much = amount_of(terms.measure, terms.threshold, terms.currency)
    return f"{'at least' if terms.at_least else 'more than'} {much}"


def subject_of(measure: Measure, where: str, closes_within: int | None) -> str:
    """What is measured and where: ``where`` is a legal entity's name, blank for all of them."""
    text = measure.label
    if not measure.of_all:
        text += f" of {where or 'all legal entities'}"
    if closes_within is not None:
        days = "today" if closes_within == 0 else f"within {_count(closes_within, 'day')}"
        text += f", in periods that end {days} or have ended"
    return text


def condition_of(terms: Terms, where: str) -> str:
    """The rule as a sentence without its full stop."""
    try:
        subject = subject_of(get(terms.measure), where, terms.closes_within)
    except MeasureUnknown:
        return f"“{terms.measure}” is not measured any more"
    held = f", for {span_text(timedelta(minutes=terms.for_minutes))}" if terms.for_minutes else ""
    return f"{subject}: {limit_of(terms)}{held}"


def sentence_of(terms: Terms, where: str, value: int) -> str:
    """What an alert says when it fires."""
    subject = subject_of(get(terms.measure), where, terms.closes_within)
    much = amount_of(terms.measure, value, terms.currency)
    return f"{subject}: {much}, which is {limit_of(terms)}."


def channels_of(rule: Rule) -> str:
    """``In the console, by e-mail and in the chat``."""
    match rule.mail, rule.chat:
        case True, True:
            return "In the console, by e-mail and in the chat"
        case True, False:
            return "In the console and by e-mail"
        case False, True:
            return "In the console and in the chat"
    return "In the console only"


def quiet_of(quiet: Quiet | None) -> str:
    """``20:00 to 07:00``, blank without quiet hours."""
    return f"{quiet.start:02d}:00 to {quiet.end:02d}:00" if quiet else ""


def where_of(rule: Rule) -> str:
    """The name of the rule's legal entity; blank for all."""
    return rule.legal_entity.name if rule.legal_entity else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
