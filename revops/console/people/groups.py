"""Groups of legal entities: the list, what a change would do, and asking for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.authority import NotAllowed
from accounts.models import EntityGroup, User
from accounts.operations import PeopleRefused
from accounts.operations.groups import Effect, change_group, check_group, effects
from accounts.queries import may
from accounts.roles import who_may
from approvals.models import ApprovalRequest, State
from approvals.operations import ApprovalRefused, ask
from approvals.subjects import CannotApply, Consequences, Content, Row, Subject
from revops.audit.operations import recorded
from revops.console.people.forms import GroupForm
from revops.web.htmx import render_page
from revops.web.policy import screen

SLUG: Final = "entity_group"


class GroupChange(Subject):
    slug = SLUG
    label = "Change of a group of legal entities"
    request_action = "people.change"
    decide_action = "people.approve"
    fallback = ("admin",)

    def title(self, content: Content) -> str:
        return f"Change the group {content['was']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Group", content["was"], link=reverse("console:groups")),
            Row("Name", content["name"]),
            Row("Legal entities now", ", ".join(content["before"])),
            Row("Legal entities then", ", ".join(content["entities"])),
            Row("Reason", content["reason"]),
        ]

    def consequences(self, content: Content) -> Consequences:
        return Consequences(sentences=list(content["effects"]))

    def makers(self, content: Content) -> Mapping[int, str]:
        return dict.fromkeys(content["people"], "hold a role for this group")

    def link(self, request: ApprovalRequest) -> str:
        return ""

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        asker = request.requested_by
        if by is None or asker is None:
            raise CannotApply("A group on which roles depend is changed by two people.")
        try:
            group = EntityGroup.objects.get(pk=content["group"])
            if sorted(group.entities) != sorted(content["before"]):
                raise CannotApply("The group has changed since this was asked for. Ask again.")
            change_group(
                group_id=group.pk, name=content["name"], entities=content["entities"], by=asker,
                approved_by=by, reason=content["reason"],
            )  # fmt: skip
        except (PeopleRefused, NotAllowed) as error:
            raise CannotApply(str(error)) from error
        return f"The group {content['name']} is changed."


def sentence(effect: Effect) -> str:
    """“Ana Lima, Finance analyst: gains DE-GMBH, loses US-INC.”"""
    parts = [
        f"{word} {', '.join(codes)}"
        for word, codes in (("gains", effect.gains), ("loses", effect.loses))
        if codes
    ]
    return f"{effect.user.name}, {effect.role.label}: {', '.join(parts)}."


@recorded
def ask_to_change(
    *, group: EntityGroup, name: str, entities: Sequence[str], by: User, reason: str
) -> ApprovalRequest:
    """Ask another administrator. Raises NotAllowed, PeopleRefused, ApprovalRefused."""
    check_group(group=group, name=name, entities=entities, asker=by)
    touched = effects(group, entities)
    content: dict[str, Any] = {
        "group": group.pk,
        "was": group.name,
        "name": name.strip(),
        "before": sorted(group.entities),
        "entities": sorted(entities),
        "effects": [sentence(one) for one in touched],
        "people": sorted({one.user.pk for one in touched}),
        "reason": reason.strip()[:300],
    }
    return ask(
        subject=SLUG, subject_id=str(group.pk), content=content, by=by, entity="",
        note=content["reason"],
    )  # fmt: skip


@screen("people.view")
@require_GET
def groups(request: HttpRequest) -> HttpResponse:
    """Every group with who holds a role for it, and the form for one of them or a new one."""
    chosen = request.GET.get("group", "")
    form = GroupForm()
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 10:
        found = _group(int(chosen))
        form = GroupForm(
            initial={"group": found.pk, "name": found.name, "entities": found.entities}
        )
    return _page(request, form=form)


@screen("people.change")
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """First what it would do; with ``sure``, do it or ask another administrator."""
    assert isinstance(request.user, User)
    form = GroupForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, problem="Some of it is missing or not right.")
    wanted = form.cleaned_data
    found = _group(wanted["group"]) if wanted["group"] else None
    name, entities, reason = wanted["name"], wanted["entities"], wanted["reason"]
    try:
        check_group(group=found, name=name, entities=entities, asker=request.user)
        touched = effects(found, entities)
        if touched and "sure" not in request.POST:
            return _page(request, form=form, preview=[sentence(one) for one in touched])
        if touched and found is not None:
            asked = ask_to_change(
                group=found, name=name, entities=entities, by=request.user, reason=reason
            )
            messages.success(request, f"Asked as {asked}. Another administrator decides.")
        else:
            made = change_group(
                group_id=found.pk if found else None, name=name, entities=entities,
                by=request.user, reason=reason,
            )  # fmt: skip
            messages.success(request, f"{made.name} can be chosen wherever a role is given.")
    except (PeopleRefused, ApprovalRefused) as refusal:
        return _page(request, form=form, problem=str(refusal))
    return HttpResponseRedirect(reverse("console:groups"))


def _group(number: int) -> EntityGroup:
    found = EntityGroup.objects.filter(pk=number).first()
    if found is None:
        raise Http404("There is no such group.")
    return found


def _page(
    request: HttpRequest, *, form: GroupForm, problem: str = "", preview: Sequence[str] = ()
) -> HttpResponse:
    waits = set(
        ApprovalRequest.objects.filter(subject=SLUG, state=State.WAITING).values_list(
            "subject_id", flat=True
        )
    )
    rows = [
        {"group": one, "held": one.assignments.filter(valid_to=None).count(),
         "waits": str(one.pk) in waits}
        for one in EntityGroup.objects.order_by("name")[:200]
    ]  # fmt: skip
    context = {
        "rows": rows, "form": form, "problem": problem, "preview": preview,
        "editing": form["group"].value(), "may_change": may(request.user, "people.change"),
        "who_changes": who_may("people.change"),
    }  # fmt: skip
    return render_page(request, "people/groups.html", context, status=422 if problem else 200)
