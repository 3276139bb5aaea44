"""A page runs in the database as somebody who sees its person's legal entities, and no others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from accounts.authority import ALL, scope_of
from accounts.models import User
from accounts.policy import policy_of
from accounts.sight import sight_of
from revops.kernel import sight
from revops.store import rows


@dataclass(frozen=True, slots=True)
class Reach:
    """The legal entities that a request sees, by their codes; None is all of them."""

    entities: frozenset[str] | None


class ReachMiddleware:
    """
    Stands after authentication. The entities are those for which the person may do what the view
    asks for, so a role held elsewhere for something else opens nothing here; a view that is one's
    own has the entities of all roles. Costs one round trip before and one after. What of them is
    masked follows from the same view and the same roles (``accounts.sight``).

    Services come in by a token, which is read later: ``revops.api.authentication`` enters for them.
    A view that asks for nobody enters nothing; what belongs to an entity is then out of its sight.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with sight.looking_as(sight.SYSTEM):
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
            if isinstance(response, StreamingHttpResponse) and not response.is_async:
                reach = getattr(request, "reach", None)
                if reach is not None:
                    chunks = cast("Iterator[bytes]", response.streaming_content)
                    response.streaming_content = _streamed(chunks, reach)
            return response
        finally:
            if getattr(request, "reach", None) is not None:
                rows.leave()

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if getattr(view, "login_required", True) and isinstance(request.user, User):
            policy = policy_of(view)
            action = policy.action if policy else ""
            scope = scope_of(request.user, action)
            sight.look_as(sight_of(request.user, action))
            enter(request, None if scope is ALL else scope)


def enter(request: Any, entities: Collection[str] | None) -> None:
    """See these legal entities (None: all) until the end of the request. Middleware leaves."""
    request.reach = Reach(None if entities is None else frozenset(entities))
    rows.enter(entities)


def _streamed(chunks: Iterator[bytes], reach: Reach) -> Iterator[bytes]:
    """Rows are read while the answer is sent, after the middleware has left."""
    with rows.within(reach.entities):
        yield from chunks
