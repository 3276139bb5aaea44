"""
The timed tasks of ux.md §5, by a browser on a running console.

    T1  clear 40 cases of one cause: fix a missing tax map beside it, with somebody else's yes; or
        retry them, once their cause was mended in the ERP, by mouse and by keys
    T2  a credit of USD 1,200.00: support asks from the invoice's page, an approver decides
    T3  why is an invoice not in the ERP: its number in the find box, and read the first sentence
    T4  three breaks of a payout reconciliation: two suggestions, one that is timing, and the name
    T5  can a legal entity close: read it on the home of who signs, and open who has to do what
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from revops.bench.hand import Hand, Place

if TYPE_CHECKING:
    from playwright.sync_api import Page

CASES: Final = 40
PATIENCE_S: Final = 120


@dataclass(frozen=True, slots=True)
class Goal:
    """``keys`` None: not limited. ``done_s`` is how long the system may take after the last act."""

    clicks: int
    keys: int | None
    seconds: float
    done_s: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    what: str
    goal: Goal


T1: Final = Task(
    "T1", f"Clear {CASES} cases of one cause", Goal(clicks=5, keys=14, seconds=30, done_s=120)
)
T1_FIX: Final = Task(
    "T1", f"Fix the missing map of {CASES} cases", Goal(clicks=5, keys=14, seconds=30)
)
T1_DECIDE: Final = Task("T1", "Approve the fix", Goal(clicks=3, keys=None, seconds=25, done_s=120))
T2_ASK: Final = Task("T2", "Request a credit", Goal(clicks=4, keys=None, seconds=45))
T2_DECIDE: Final = Task("T2", "Approve a credit", Goal(clicks=3, keys=None, seconds=25))
T3: Final = Task("T3", "Why is an invoice not in the ERP?", Goal(clicks=0, keys=11, seconds=12))
T4: Final = Task("T4", "Clear 3 breaks of a payout reconciliation and sign off", Goal(9, None, 45))
T5: Final = Task("T5", "Can an entity close; if not, who does what?", Goal(1, 0, 15))
# An id of the design's example has 9 characters; each further one is a key more.
_USUAL_ID: Final = 9


class TaskFailed(RuntimeError):
    """A page did not lead where the task says that it leads."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a task went. ``took_s`` is what the system took, ``done_s`` after the last act."""

    task: str
    what: str
    by: str
    clicks: int
    keys: int
    decisions: int
    screens: int
    seconds: float
    took_s: float
    done_s: float | None
    goal: Goal

    @property
    def reached(self) -> bool:
        goal = self.goal
        return (
            self.clicks <= goal.clicks
            and (goal.keys is None or self.keys <= goal.keys)
            and self.seconds <= goal.seconds
            and (goal.done_s is None or (self.done_s or 0.0) <= goal.done_s)
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"reached": self.reached}


def clear_a_cause_by_mouse(page: Page) -> Done:
    """From the queue: open the top cause, and retry all of its cases."""

    def act(hand: Hand) -> None:
        hand.decide()
        hand.click(page.locator("tbody th a").first)
        page.wait_for_url("**/causes/*/")
        hand.decide()
        hand.click(page.locator("#do-retry"))

    return _clear(page, "mouse", act)


def clear_a_cause_by_keys(page: Page) -> Done:
    """The same without a mouse: ``j`` to the top cause, ⏎, ``r`` to the button, ⏎."""

    def act(hand: Hand) -> None:
        hand.decide()
        hand.press("j")
        hand.press("Enter")
        page.wait_for_url("**/causes/*/")
        hand.decide()
        hand.press("r")
        hand.press("Enter")

    return _clear(page, "keys", act)


def fix_a_cause(page: Page, *, account: str, start: str = "/exceptions/") -> Done:
    """From the queue (``start``): the top cause, its account, read the preview, send it."""
    page.goto(start)
    hand = Hand(page)
    began = time.monotonic()
    hand.decide()
    hand.click(page.locator("tbody th a").first)
    page.wait_for_url("**/causes/*/")
    hand.decide()
    hand.click(page.locator("#fix-account"))
    hand.type(account)
    hand.press("Enter")
    page.wait_for_selector("#run-fix")
    said = page.inner_text("#clears")
    if f"{CASES} of {CASES} clear" not in said:
        raise TaskFailed(f"It should clear all {CASES}, and says “{said}”.")
    hand.decide()
    hand.click(page.locator("#run-fix"))
    page.wait_for_selector("#notice .notice")
    said = page.inner_text("#notice")
    if "The retry runs when it is approved" not in said:
        raise TaskFailed(f"It should be asked for, and says “{said}”.")
    took = time.monotonic() - began
    return _done(T1_FIX, "mouse and keys", hand, took=took, goal=T1_FIX.goal)


def approve_a_fix(page: Page, *, link: str, posted: Callable[[], object]) -> Done:
    """From the link in a message, as for a credit; then until ``posted``: all is in the ERP."""
    hand = Hand(page)
    began = time.monotonic()
    _approve(page, hand, link)
    pressed = time.monotonic()
    while not posted():
        if time.monotonic() - pressed > PATIENCE_S:
            raise TaskFailed(f"Not all are posted after {PATIENCE_S} s.")
        time.sleep(0.25)
    done = time.monotonic() - pressed
    took = pressed - began
    return _done(T1_DECIDE, "mouse", hand, took=took, done=done, goal=T1_DECIDE.goal)


def ask_for_a_credit(page: Page, *, invoice: str, amount: str, ticket: str) -> Done:
    """From the invoice's page (``invoice``, its address): amount, case, check, send."""
    page.goto(invoice)
    hand = Hand(page)
    began = time.monotonic()
    hand.decide()
    hand.click(page.locator("#ask-credit"))
    page.wait_for_selector("#credit-form")
    hand.decide()
    hand.click(page.locator("#amount"))
    hand.type(amount)
    while page.evaluate("document.activeElement.id") != "ticket":
        hand.press("Tab")
    hand.type(ticket)
    hand.press("Control+Enter")
    page.wait_for_selector("#send, #problems")
    if problems := page.query_selector("#problems"):
        raise TaskFailed(f"It could not be sent: {problems.inner_text().split()}")
    said = page.inner_text("main")
    hand.decide()
    hand.click(page.locator("#send"))
    page.wait_for_selector("#road-title")
    if "Not you: you are asking" not in said:
        raise TaskFailed("The page does not say, before it is sent, who decides and who does not.")
    return _done(T2_ASK, "mouse and keys", hand, took=time.monotonic() - began, goal=T2_ASK.goal)


def approve_a_credit(page: Page, *, link: str) -> Done:
    """From the link in a message: open it, read what will post, approve, confirm."""
    hand = Hand(page)
    began = time.monotonic()
    _approve(page, hand, link)
    return _done(T2_DECIDE, "mouse", hand, took=time.monotonic() - began, goal=T2_DECIDE.goal)


def _approve(page: Page, hand: Hand, link: str) -> None:
    hand.clicks += 1  # the link, in another program
    page.goto(link)
    hand.decide()
    hand.click(page.locator("#approve"))
    page.wait_for_selector("#confirm")
    hand.decide()
    hand.click(page.locator("#confirm"))
    page.wait_for_function("!document.querySelector('#confirm')")
    said = page.inner_text("#decision")
    if "approved" not in said.lower():
        raise TaskFailed(f"It should be approved, and says “{said}”.")


def find_why(page: Page, *, start: str, invoice: str, why: str) -> Done:
    """From any page: ``/``, the invoice's number, ⏎; the first sentence must say ``why``."""
    page.goto(start)
    hand = Hand(page, place=Place.KEYBOARD)
    began = time.monotonic()
    hand.decide()
    hand.press("/")
    hand.type(invoice)
    hand.press("Enter")
    page.wait_for_url("**/lineage/**")
    said = page.locator("section[aria-label=Verdict]").inner_text()
    took = time.monotonic() - began
    hand.decide()
    if why not in said:
        raise TaskFailed(f"The first sentence is “{said}”, and says nothing of “{why}”.")
    if page.locator("#to-case").count() != 1:
        raise TaskFailed("The way to the fix is not one click away.")
    goal = T3.goal
    longer = max(0, len(invoice) - _USUAL_ID)
    shown = Goal(goal.clicks, (goal.keys or 0) + longer, goal.seconds)
    return _done(T3, "keys", hand, took=took, goal=shown)


def clear_breaks(page: Page, *, run: str) -> Done:
    """
    From a run's page (``run``, its address): two suggestions are confirmed, a payout that is on its
    way is said to be timing, and the figures are signed.
    """
    page.goto(run)
    hand = Hand(page)
    began = time.monotonic()
    hand.decide()
    hand.click(page.locator("#to-match"))
    for _ in range(2):
        page.wait_for_selector("#suggestion-1")
        hand.decide()
        hand.click(page.locator("#suggestion-1"))
        page.wait_for_selector("#notice .notice")
        if "Matched" not in page.inner_text("#notice"):
            raise TaskFailed(f"It should be matched, and says “{page.inner_text('#notice')}”.")
    hand.decide()
    hand.click(page.locator("#left-1"))
    hand.click(page.locator("#reason"))
    hand.press("t")
    hand.press("Enter")
    hand.click(page.locator("#match"))
    page.get_by_text("It waits for its counterpart").wait_for()
    hand.click(page.locator("#to-sign"))
    page.wait_for_selector("#sign")
    hand.decide()
    hand.click(page.locator("#sign-off"))
    page.get_by_text("You signed REC-").wait_for()
    return _done(T4, "mouse and keys", hand, took=time.monotonic() - began, goal=T4.goal)


def can_it_close(page: Page, *, entity: str) -> Done:
    """
    From the home of who signs: the answer is read, which takes no click; one leads to the causes in
    the way, each with who has it and until when.
    """
    page.goto("/")
    hand = Hand(page)
    began = time.monotonic()
    said = page.locator("#verdict").inner_text()
    hand.decide()
    if not any(word in said for word in ("can close", "cannot close", "is closed", "waits only")):
        raise TaskFailed(f"The first sentence is “{said}”, and says not whether it can close.")
    hand.click(page.locator(f"#next-{entity}"))
    page.wait_for_url(f"**/{entity}/")
    hand.decide()
    rows = page.locator("#blockers tbody tr")
    if not rows.count():
        raise TaskFailed("Nobody is named although something is in the way.")
    for cell in ("Owner", "Due"):
        if not rows.first.locator(f"td[data-label={cell}]").inner_text().strip():
            raise TaskFailed(f"The first blocker has no {cell.lower()}.")
    return _done(T5, "mouse", hand, took=time.monotonic() - began, goal=T5.goal)


def _clear(page: Page, by: str, act: Callable[[Hand], None]) -> Done:
    page.goto("/exceptions/")
    hand = Hand(page)
    began = time.monotonic()
    act(hand)
    page.wait_for_selector("#notice .notice")
    pressed = time.monotonic()
    said = page.inner_text("#notice")
    screens = hand.screens
    if str(CASES) not in said:
        raise TaskFailed(f"It should retry {CASES} cases, and says “{said}”.")
    while "No case of this cause is open" not in page.inner_text("main"):
        if time.monotonic() - pressed > PATIENCE_S:
            raise TaskFailed(f"Not all are posted after {PATIENCE_S} s.")
        time.sleep(0.25)
        page.reload()
    done = time.monotonic() - pressed
    hand.screens = screens
    return _done(T1, by, hand, took=pressed - began, done=done, goal=T1.goal)


def _done(
    task: Task, by: str, hand: Hand, *, took: float, goal: Goal, done: float | None = None
) -> Done:
    return Done(
        task=task.name,
        what=task.what,
        by=by,
        clicks=hand.clicks,
        keys=hand.keys,
        decisions=hand.decisions,
        screens=hand.screens,
        seconds=hand.seconds,
        took_s=round(took, 2),
        done_s=None if done is None else round(done, 2),
        goal=goal,
    )


def lines(results: Sequence[Done]) -> list[str]:
    """For people: one line a task, figures beside their goals."""
    shown = []
    for one in results:
        goal = one.goal
        after = "" if one.done_s is None else f", all posted {one.done_s} s later ({goal.done_s:g})"
        shown.append(
            f"{one.task} {one.what}, by {one.by}: {_count(one.clicks, 'click')} ({goal.clicks}), "
            f"{_count(one.keys, 'key')} ({goal.keys}), {_count(one.screens, 'new screen')}, "
            f"{one.seconds:.1f} s by the model ({goal.seconds:g}); the system took "
            f"{one.took_s} s of it{after}{'' if one.reached else '  MISSED'}"
        )
    return shown


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
