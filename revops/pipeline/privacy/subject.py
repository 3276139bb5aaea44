"""Forgetting a person is asked for by one and agreed to by another."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import CannotApply, Consequences, Content, Row, Subject
from revops.audit.models import Erasure
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.pipeline.privacy.asking import SLUG


class PersonErasure(Subject):
    """A person who is forgotten; their texts stand in ``audit.Erasure`` until then."""

    slug = SLUG
    label = "Erasure of a person"
    request_action = "privacy.erase"
    decide_action = "privacy.erase.approve"
    fallback = ("admin",)

    def title(self, content: Content) -> str:
        return f"Erase a person’s data, ERA-{content['erasure']}"

    def describe(self, content: Content) -> Sequence[Row]:
        held = Erasure.objects.filter(pk=content["erasure"]).first()
        texts = held.terms if held is not None else None
        rows = [
            Row("Stands for the person", " · ".join(texts) if texts else "not kept any more"),
            Row("Why", str(content["reason"])),
        ]
        if content["party"]:
            link = reverse("console:customer", args=[content["party"]])
            rows.append(Row("Asked for from", f"Customer PTY-{content['party']}", link=link))
        return rows

    def consequences(self, content: Content) -> Consequences:
        if content["rows"] is None:
            counts = ["There is too much to count it beforehand; the worker counts it."]
        else:
            counts = [
                _sentence(sum(content["rows"].values()), "field becomes", "fields become",
                          "“[erased]”, in records, payloads, cases and comments"),
                _sentence(content["acts"], "act loses", "acts lose",
                          "the detail in the audit trail; the chain stays whole"),
                _sentence(sum(content["kept"].values()), "field is", "fields are",
                          "kept by law with the books: journals, and what was sent to systems"),
            ]  # fmt: skip
        return Consequences(
            sentences=[
                *counts,
                "Ids, amounts, hashes and rows stay. It cannot be undone.",
                "The system that told us keeps telling us: erase there first.",
            ]
        )

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        held = Erasure.objects.select_for_update().filter(pk=content["erasure"]).first()
        if by is None or request.requested_by is None:
            raise CannotApply("A person is forgotten by two people.")
        if held is None or held.state != Erasure.State.ASKED or not held.terms:
            raise CannotApply("There is nothing left of this request.")
        if sha256("\n".join(held.terms)) != content["terms"]:
            raise CannotApply("What stands for the person is not what was asked for.")
        held.state, held.agreed_by = Erasure.State.AGREED, actor_of(by).key
        held.save(update_fields=["state", "agreed_by"])
        return "A worker erases it within minutes; the audit trail says what went."

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        if str(verdict) == "send_back":
            return
        Erasure.objects.filter(pk=content["erasure"], state=Erasure.State.ASKED).update(
            state=Erasure.State.REFUSED, terms=None, ended_at=clock.now()
        )


def _sentence(count: int, one: str, many: str, what: str) -> str:
    return f"{count:,} {one if count == 1 else many} {what}."
