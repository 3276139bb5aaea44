"""
A customer that documents name and that its system has not told of, as something that is mended on
the cause's page: it is linked with a customer that is known here, or told of in the system's place.

What is told takes its way through the line like the system's own word, and is older than anything
that the system says: whatever it tells of the customer later takes its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest, State
from approvals.queries.rules import trial
from approvals.queries.standing import words_of
from approvals.subjects import CannotApply, Lift
from connectors.models import Connection
from exceptions.fixes import Control, Done, Earlier, FixRefused, Panel, Seen
from exceptions.models import UNRESOLVED, Case
from exceptions.queries.totals import Sum
from revops.audit.operations import Object, record_each, recorded
from revops.canonical.models import Customer, Party
from revops.contracts.customers import CustomerCreated, OtherId
from revops.kernel import cards, correlation
from revops.ledger.books import read_books
from revops.mappings.models import LegalEntity
from revops.pipeline import receive, sources
from revops.pipeline.story import Story
from revops.pipeline.whatif import MOST, imagine
from revops.store import rows

KIND: Final = "customer_unmatched"
SLUG: Final = "customer_by_hand"
ACTION: Final = "identity.decide"
FACT: Final = "Missing customer"
LINK: Final = "link"
MAKE: Final = "make"
_WAYS: Final = ((LINK, "Link it with a customer that is known here"), (MAKE, "Make it here"))
_OFFERED: Final = 200
_WIDTH: Final = 200
# Older than whatever the system itself will say of the customer.
_SINCE: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """A customer as a person tells of it: of which connection, and the event's content."""

    connection: str
    data: CustomerCreated
    cases: Sequence[Case]
    of: str

    @property
    def content(self) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "customer": self.data.customer_id,
            "data": self.data.model_dump(mode="json"),
            "of": self.of,
        }


class UnknownCustomer:
    """Implements ``exceptions.fixes.Fixer`` for cases of the kind ``customer_unmatched``."""

    action = ACTION
    single = ""

    def panel(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Panel | None:
        cases = _cases(cause_key)
        missing = _missing(cases)
        if not missing:
            return None
        wanted = _wanted(missing, typed)
        waiting = waits(cases[0].connection_slug, wanted)
        pairs = reverse("console:duplicates")
        if waiting is not None:
            words = f"{waiting} says who {wanted} is, and waits to be agreed to"
            asked = reverse("approvals:approval", args=[waiting.pk])
            return Panel("", (), waiting=(words, asked))
        _, problems = told_of(cases, typed) if typed else (None, {})
        way = _way(typed)
        controls = [
            Control("customer", "Customer", wanted, "choice", _choices(missing)),
            Control("way", "What it is", way, "choice", _WAYS),
        ]
        if way == LINK:
            known = Party.objects.filter(merged_into=None).order_by("name", "pk")
            offered = [(f"PTY-{one.pk}", one.name) for one in known[:_OFFERED]]
            controls.append(
                Control(
                    "known", "Known customer", typed.get("known", ""), "suggest", offered,
                    "Its number, PTY-…, from its page under Customers.", problems.get("known", ""),
                )
            )  # fmt: skip
        else:
            entities = LegalEntity.objects.order_by("code").values_list("code", "name")
            controls += [
                Control(
                    "name", "Name", typed.get("name", ""), problem=problems.get("name", ""),
                    help="As the system has it; what it tells later takes its place.",
                ),
                Control(
                    "entity", "Legal entity", typed.get("entity", ""), "choice",
                    [("", "As its documents say"), *entities],
                ),
            ]  # fmt: skip
        return Panel(
            "Say who it is", controls, typed=bool(typed), preview="Preview",
            reason=f"{wanted} is not told of by {cases[0].connection_slug}, and documents wait.",
            elsewhere=("Look for it among customers that may be one", pairs),
            after="Asking the source again is below.",
        )  # fmt: skip

    def look(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Seen | None:
        told, _ = told_of(_cases(cause_key), typed)
        if told is None:
            return None
        found = imagine(
            [case.inbound_id for case in told.cases if case.inbound_id],
            change=lambda: _imagined(told),
        )
        clear = {one.inbound_id for one in found.answers if one.clears}
        money = Sum()
        for case in told.cases:
            if case.inbound_id in clear:
                priced = case.currency if case.at_stake is not None else ""
                money.add(1, priced, case.at_stake or 0)
        asked = trial(
            subject=SLUG, entity="", amount=None, by=user.pk, at=at, lift=Lift(unpriced=True)
        )
        steps = ", then ".join(f"one {words_of(step)}" for step in asked.placed.tier.steps)
        asks = not asked.placed.tier.automatic
        names = dict(Connection.objects.filter(pk__in=found.calls).values_list("pk", "label"))
        return Seen(
            cases=len(told.cases), looked=min(len(told.cases), MOST), clears=money.cases,
            money=money.amounts,
            fails=[(slug, cause, count) for (slug, cause), count in found.fails.items()],
            books=[], calls=[(names[id], count) for id, count in found.calls.items()],
            minutes=1, posted=0, closed=[], asks=asks,
            deciders=f"{steps.capitalize()}, and not you." if asks else "Nobody.",
            does="Send for approval: {clears} go on" if asks else "Tell of it: {clears} go on",
            undo="Merges are undone on the customer’s page",
            note=f"The console tells of {told.data.customer_id} as {told.of}.",
        )  # fmt: skip

    def apply(
        self, cause_key: str, typed: Mapping[str, str], *, reason: str, user: User, at: datetime
    ) -> Done:
        asked = ask(cause_key=cause_key, typed=typed, reason=reason, by=user)
        sentence = f"{asked} asks for it. What waits goes on when it is approved."
        if asked.state == State.APPROVED:
            sentence = "It is told of. What waited for it goes on by itself."
        return Done(sentence, reverse("exceptions:cause", args=[cause_key]))

    def earlier(self, cause_key: str, *, at: datetime) -> Sequence[Earlier]:
        return ()


@recorded
def ask(*, cause_key: str, typed: Mapping[str, str], reason: str, by: User) -> ApprovalRequest:
    """
    Ask for a customer to be told of in its system's place. Where the policy asks nobody it is told
    at once. Raises NotAllowed and FixRefused; the same again finds the request that waits.
    """
    by = authorize(by, ACTION)
    words = cards.redact(reason.replace("\x00", "").strip()[:500].encode())[0].decode()
    if len(words) < 10:
        raise FixRefused("Say how you know who it is, in a sentence.")
    told, problems = told_of(_cases(cause_key), typed)
    if told is None:
        raise FixRefused(next(iter(problems.values()), "Nothing waits for it any more."))
    try:
        with transaction.atomic():
            asked = approvals.ask(
                subject=SLUG, subject_id=f"{told.connection}:{told.data.customer_id}"[:100],
                content=told.content | {"cases": len(told.cases), "reason": words},
                by=by, entity="", note=words,
            )  # fmt: skip
            held = Object(
                f"{told.connection}:{told.data.customer_id}", told.of, "",
                after={"asked": str(asked), "is": told.of},
            )  # fmt: skip
            record_each(
                "cases.customer_told", by=actor_of(by), kind="customer", held=[held], reason=words
            )
    except (approvals.ApprovalRefused, CannotApply) as refusal:
        raise FixRefused(str(refusal)) from refusal
    return asked


def tell(content: Mapping[str, Any]) -> str:
    """Tell of it, in the transaction of the decision; the sentence of what was done."""
    customer, connection = str(content["customer"]), str(content["connection"])
    if Customer.objects.filter(connection__slug=connection, source_id=customer).exists():
        raise CannotApply(f"{customer} has been told of meanwhile.")
    event = receive.Offered(
        f"by-hand:{customer}", CustomerCreated.contract, _SINCE, content["data"]
    )
    try:
        receive.tell(connection_slug=connection, items=[event], correlation_id=correlation.new_id())
    except receive.ToldDifferently as error:
        raise CannotApply(str(error)) from error
    return f"{customer} is told of as {content['of']}; what waited goes on by itself."


def told_of(cases: Sequence[Case], typed: Mapping[str, str]) -> tuple[Told | None, dict[str, str]]:
    """What was typed as a customer, and what is wrong with it by field."""
    missing = _missing(cases)
    if not missing:
        return None, {}
    wanted = _wanted(missing, typed)
    some = [case for case in cases if _customer(case) == wanted]
    connection = some[0].connection_slug
    if _way(typed) == LINK:
        known = _known(typed.get("known", ""))
        if known is None:
            return None, {"known": "Give the number of a customer that is known here."}
        data = CustomerCreated(
            customer_id=wanted, name=known.name,
            legal_entity=known.legal_entity.code if known.legal_entity else "",
            other_ids=(OtherId(system=known.connection.slug, id=known.source_id),),
        )  # fmt: skip
        return Told(connection, data, some, f"{known.name} (PTY-{known.party_id})"), {}
    name = " ".join(typed.get("name", "").replace("\x00", "").split())[:_WIDTH]
    if not name:
        return None, {"name": "Give its name."}
    data = CustomerCreated(customer_id=wanted, name=name, legal_entity=typed.get("entity", ""))
    return Told(connection, data, some, f"the new customer {name}"), {}


def waits(connection: str, customer: str) -> ApprovalRequest | None:
    """The request that says who it is, where one waits."""
    return ApprovalRequest.objects.filter(
        subject=SLUG, subject_id=f"{connection}:{customer}"[:100],
        state__in=[State.WAITING, State.SENT_BACK],
    ).first()  # fmt: skip


def _imagined(told: Told) -> None:
    """The event as if it had come, through the line, in a transaction that is rolled back."""
    source = sources.by_slug(told.connection)
    offered = receive.Offered(
        f"looked-at:{told.data.customer_id}", told.data.contract, _SINCE,
        told.data.model_dump(mode="json"),
    )  # fmt: skip
    claimed = receive.imagined(connection_slug=source.slug, item=offered)
    Story(source, [claimed], books=read_books()).tell()


def _cases(cause_key: str) -> list[Case]:
    waiting = Case.objects.filter(UNRESOLVED, cause_key=cause_key, kind=KIND)
    return list(waiting.order_by("opened_at", "pk")[:MOST])


def _customer(case: Case) -> str:
    return next((str(value) for label, value in case.facts if label == FACT), "")


def _missing(cases: Sequence[Case]) -> Counter[str]:
    """The customers that these cases lack, with how many lack each."""
    return Counter(name for name in map(_customer, cases) if name)


def _wanted(missing: Counter[str], typed: Mapping[str, str]) -> str:
    asked = typed.get("customer", "")
    return asked if asked in missing else missing.most_common(1)[0][0]


def _choices(missing: Counter[str]) -> list[tuple[str, str]]:
    return [
        (name, f"{name}, {count:,} case{'' if count == 1 else 's'}")
        for name, count in missing.most_common(_OFFERED)
    ]


def _way(typed: Mapping[str, str]) -> str:
    return MAKE if typed.get("way") == MAKE else LINK


def _known(text: str) -> Customer | None:
    """The account of a customer by its number; the first one that any system told of."""
    number = text.strip().split(" ")[0].upper().removeprefix("PTY-")
    if not number.isdecimal():
        return None
    with rows.within(None):
        found = Customer.objects.filter(party=int(number), party__merged_into=None)
        return found.select_related("connection", "legal_entity").order_by("pk").first()
