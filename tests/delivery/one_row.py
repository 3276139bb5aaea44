"""
One command, two workers and a target that can only be asked, in any order that Hypothesis finds.

The workers follow the rules around the core (fence, deadline); everything else is arbitrary:
crashes, pauses, late commits, people, stale results. There are few rules, and a worker takes some
steps in one, since Hypothesis leaves rules out of examples and harm takes all of a worker's steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connectors.contract import Found, Outcome, Receipt
from revops.delivery import decide
from revops.delivery.decide import LIVE, Next, Policy, Row, State

BUDGET = 15
SERVER_MAX = 240
LEASE = 60
SETTLE = BUDGET + SERVER_MAX + 5
DIGEST = "content"
CONCLUSIVE = frozenset(Outcome) - {
    Outcome.OK, Outcome.ALREADY_DONE, Outcome.WORKING, Outcome.IN_DOUBT
}  # fmt: skip
ENDS = (
    "done",
    "done",
    "answer lost",
    "late",
    "late",
    "request lost",
    "no id",
    "throttled",
    "refused",
)


@dataclass(slots=True, eq=False)
class Held:
    """What a worker knows of its claim, which may be long over."""

    row: Row
    next: Next
    send_by: datetime | None = None
    receipt: Receipt | None = None
    asked_at: datetime | None = None
    found: tuple[Found, ...] = ()


@dataclass(slots=True)
class Sent:
    settle_until: datetime
    fence: int
    outcome: Outcome | None = None


@dataclass(slots=True)
class Document:
    id: str
    posted: bool


class OneRow(RuleBasedStateMachine):
    """``drafts``: the target makes a draft first, which is posted by a second call."""

    drafts = False
    policy = Policy(lease=LEASE, settle=SETTLE)

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.row = Row(State.PENDING, next_at=self.now)
        self.workers: list[Held | None] = [None, None]
        self.sent: list[Sent] = []
        self.documents: list[Document] = []
        self.late: list[tuple[datetime, str]] = []
        self.asked_at: datetime | None = None

    @rule(seconds=st.sampled_from((1, 4, 14, 61, 100, 261, 700)))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        over = [drafted for when, drafted in self.late if when <= self.now]
        self.late = [call for call in self.late if call[0] > self.now]
        for drafted in over:
            self.commit(drafted)

    @rule(
        who=st.integers(0, 1),
        steps=st.integers(1, 4),
        end=st.sampled_from(ENDS),
        delay=st.integers(1, SERVER_MAX),
        answered=st.sampled_from((True, True, True, False)),
        random=st.sampled_from((0.0, 0.5, 0.99)),
    )
    def a_worker_goes_on(
        self, who: int, steps: int, end: str, delay: int, answered: bool, random: float
    ) -> None:
        for _ in range(steps):
            self.takes_a_step(who, end, delay, answered, random)

    def takes_a_step(self, who: int, end: str, delay: int, answered: bool, random: float) -> None:
        held = self.workers[who]
        if held is None:
            self.workers[who] = self.claims()
        elif held.receipt is not None:
            self.records(held, random)
            self.workers[who] = None
        elif held.row.state is State.SENDING:
            held.receipt = self.calls(held, end, delay)
        elif held.asked_at is not None:
            self.is_answered(held, answered=answered)
            self.workers[who] = None
        elif held.next is Next.READ and answered:
            self.asks(held)
        elif held.next is Next.SEND and answered:
            if not self.intends(held):
                self.workers[who] = None
        else:
            self.puts_away(held)
            self.workers[who] = None

    @precondition(lambda self: any(self.workers))
    @rule(who=st.integers(0, 1))
    def a_worker_crashes(self, who: int) -> None:
        self.workers[who] = None

    @precondition(lambda self: self.row.state in (State.UNKNOWN, State.EXCEPTION))
    @rule()
    def a_person_retries_or_asks(self) -> None:
        act = decide.check_now if self.row.state is State.UNKNOWN else decide.retry
        self.by_person(act(self.row, now=self.now))

    @precondition(lambda self: self.row.attempts and self.row.state in LIVE)
    @rule(sure=st.integers(0, 5))
    def a_person_cancels(self, sure: int) -> None:
        if not sure:
            self.by_person(decide.cancel(self.row))

    # A worker's steps.

    def ours(self, held: Held) -> bool:
        return self.row.fence == held.row.fence and self.row.state is held.row.state

    def ends(self, held: Held, row: Row) -> None:
        """The worker writes what it has come to, if the row is still its own."""
        if self.ours(held):
            self.row = row

    def claims(self) -> Held | None:
        claim = decide.claim(self.row, now=self.now, policy=self.policy)
        if claim is None:
            return None
        for other in self.workers:
            lease = other.row.next_at if other is not None and self.ours(other) else None
            assert lease is None or lease <= self.now, "I8 two leases"
        assert claim[0].fence > self.row.fence, "I8 the fence must grow"
        self.row = claim[0]
        return Held(*claim)

    def intends(self, held: Held) -> bool:
        if not self.ours(held):
            return False
        last = self.sent[-1] if self.sent else None
        if last is not None and last.outcome not in CONCLUSIVE:
            asked = self.asked_at
            assert asked is not None, "I9 sent again without asking"
            assert asked >= last.settle_until, "I9 sent again after an early answer"
        self.row = held.row = decide.intend(held.row, now=self.now, policy=self.policy)
        held.send_by = self.now + timedelta(seconds=BUDGET)
        assert self.row.settle_until is not None
        self.sent.append(Sent(self.row.settle_until, self.row.fence))
        return True

    def calls(self, held: Held, end: str, delay: int) -> Receipt:
        drafted = held.row.drafted_id
        if held.send_by is not None and self.now >= held.send_by:
            return Receipt(Outcome.NOT_SENT)
        match end:
            case "throttled":
                return Receipt(Outcome.THROTTLED, retry_after=delay)
            case "refused":
                return Receipt(Outcome.REFUSED, drafted_id=drafted)
            case "late":
                self.late.append((self.now + timedelta(seconds=delay), drafted))
                return Receipt(Outcome.IN_DOUBT)
            case "request lost":
                return Receipt(Outcome.IN_DOUBT)
        receipt = self.commit(drafted)
        if end == "answer lost":
            return Receipt(Outcome.IN_DOUBT)
        if end == "no id":
            return replace(receipt, external_id="")
        if self.drafts and not drafted:
            # The draft is made; the second call finds the target busy.
            return Receipt(Outcome.TRANSIENT, drafted_id=receipt.external_id)
        return receipt

    def commit(self, drafted: str) -> Receipt:
        """A call is carried out: a document is made, or a draft is posted."""
        if not drafted:
            document = Document(f"D{len(self.documents) + 1}", posted=not self.drafts)
            self.documents.append(document)
            return Receipt(Outcome.OK, external_id=document.id)
        (document,) = [each for each in self.documents if each.id == drafted]
        if document.posted:
            return Receipt(Outcome.ALREADY_DONE, external_id=drafted)
        document.posted = True
        return Receipt(Outcome.OK, external_id=drafted)

    def records(self, held: Held, random: float) -> None:
        assert held.receipt is not None
        for sent in self.sent:
            if sent.fence == held.row.fence:
                sent.outcome = held.receipt.outcome
        self.ends(held, decide.conclude(held.row, held.receipt, now=self.now, random=random))

    def asks(self, held: Held) -> None:
        self.asked_at = held.asked_at = self.now
        held.found = tuple(Found(each.id, each.id, each.posted, DIGEST) for each in self.documents)

    def is_answered(self, held: Held, *, answered: bool) -> None:
        if answered:
            row = decide.read_result(
                held.row, held.found, digest=DIGEST, now=self.now, asked_at=held.asked_at
            )
        else:
            row = decide.read_failed(held.row, now=self.now, wait_for=5, reason="no answer")
        self.ends(held, row)

    def puts_away(self, held: Held) -> None:
        if held.next is Next.WAIT:
            self.ends(held, decide.wait(held.row))
        elif held.next is Next.GIVE_UP:
            self.ends(held, decide.give_up(held.row))
        else:
            self.ends(held, decide.release(held.row, now=self.now))

    def by_person(self, row: Row | None) -> None:
        """Whatever a person changes is taken from whoever works on it."""
        if row is not None:
            self.row = replace(row, fence=self.row.fence + 1)

    # What holds at every moment.

    @invariant()
    def is_in_the_books_once_at_most(self) -> None:
        assert len(self.documents) <= 1, "I3 two documents"

    @invariant()
    def is_posted_only_with_proof(self) -> None:
        if self.row.state is State.POSTED:
            posted = [each.id for each in self.documents if each.posted]
            assert posted == [self.row.external_id], "I4 posted without proof"

    @invariant()
    def is_cancelled_only_when_nothing_is_there(self) -> None:
        if self.row.state is State.CANCELLED:
            assert not self.documents, "cancelled, and in the books"

    @invariant()
    def comes_up_again_while_it_lives(self) -> None:
        assert (self.row.next_at is not None) is (self.row.state in LIVE), "I16 forgotten"

    @invariant()
    def counts_every_attempt(self) -> None:
        assert self.row.attempts == len(self.sent), "I7 gap in attempts"

    def teardown(self) -> None:
        """Without faults, and with a person's retries, it comes to an end by itself."""
        self.workers = [None, None]
        for _ in range(12):
            self.time_passes(SETTLE + 3600)
            self.by_person(decide.retry(self.row, now=self.now))
            self.a_worker_goes_on(0, 4, "done", 1, True, 0.5)
            self.is_in_the_books_once_at_most()
            self.is_posted_only_with_proof()
            self.is_cancelled_only_when_nothing_is_there()
        assert self.row.state in (State.POSTED, State.CANCELLED), "I16 without end"


class OneDraftedRow(OneRow):
    drafts = True
