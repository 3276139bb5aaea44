"""Causes that take no form lead to where they are mended."""

from __future__ import annotations

import pytest

from accounts.models import User
from exceptions import operations
from exceptions.models import Case
from revops.kernel import clock
from tests import factories as make
from tests.conftest import SignIn
from tests.exceptions.kit import a_finding

pytestmark = pytest.mark.django_db


def page_of(sign_in: SignIn, user: User, kind: str, **values: object) -> str:
    operations.report([a_finding("one", kind=kind, **values)], at=clock.now())
    key = Case.objects.get().cause_key
    answer = sign_in(user).get(f"/exceptions/causes/{key}/")
    assert answer.status_code == 200
    return answer.content.decode()


class TestPlaces:
    def test_a_period_of_our_books_is_asked_to_be_opened(self, sign_in: SignIn, ana: User) -> None:
        period = make.a_period()
        page = page_of(
            sign_in, ana, "period_closed", legal_entity_id=period.legal_entity_id,
            period_code=period.code, inbound_id=make.an_event().pk,
        )  # fmt: skip
        assert f'id="fix-elsewhere" href="/books/periods/{period.pk}/"' in page
        assert "Post it in the next open period, open the period again" in page

    def test_a_system_has_a_page_of_its_own(self, sign_in: SignIn, ana: User) -> None:
        make.a_connection("erp", "tryton")
        page = page_of(sign_in, ana, "target_down", connection_slug="erp")
        assert 'id="fix-elsewhere" href="/connections/erp/"' in page

    def test_what_is_not_known_leads_nowhere(self, sign_in: SignIn, ana: User) -> None:
        page = page_of(sign_in, ana, "target_down", connection_slug="gone")
        assert "fix-elsewhere" not in page
