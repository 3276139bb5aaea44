"""Every address, whoever writes it, declares whom it is for. What they do is in tests/access."""

from __future__ import annotations

from typing import Any

from accounts.roles import ACTIONS
from accounts.tokens import SCOPES
from tests.architecture.addresses import Address, every
from tests.for_each import for_each

ADDRESSES = every()

# Addresses without a signed-in person. A new one is a decision: it is written down here, too.
OPEN = {
    "sign-in/": "asks who you are",
    "sign-out/": "ends one's own session",
    "sign-in/second-factor/": "asks for the second factor, behind the password",
    "sign-in/sso/": "leads to the company's own sign-in",
    "sign-in/sso/return/": "comes back from the company's own sign-in, with what was given out on "
    "the way",
    "set-password/<int:id>/<str:token>/": "the link is the proof: made for one person, for three "
    "days, for one use",
    "hooks/<str:public_id>/": "the sender's signature",
    "healthz": "says only that the process answers",
    "readyz": "no amounts, no names, no secrets",
    "api/docs/": "describes the API, holds no data",
    "api/v1/schema/": "describes the API, holds no data",
    "api/v1/contracts/": "describes the API, holds no data",
    "api/v1/contracts/<str:event>/<int:version>/": "describes the API, holds no data",
}


def each(wanted: list[Address]) -> Any:
    return for_each("address", wanted)


class TestPolicies:
    @each(ADDRESSES)
    def test_i2_are_declared_beside_every_view(self, address: Address) -> None:
        assert address.policy is not None, (
            f"{address} says nobody whom it is for: put @screen, @open_door or "
            "@for_everyone_signed_in on its view, or scope on its class."
        )

    @each([one for one in ADDRESSES if one.policy and one.policy.action])
    def test_name_what_is_known(self, address: Address) -> None:
        assert address.policy is not None
        known = SCOPES if address.for_services else ACTIONS
        assert address.policy.action in known

    def test_i2_open_no_door_that_is_not_on_the_list(self) -> None:
        found = {
            one.route: one.policy.open_because
            for one in ADDRESSES
            if one.is_open and one.policy is not None
        }
        assert found == OPEN
