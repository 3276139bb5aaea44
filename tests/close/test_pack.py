"""What an auditor takes along: the same bytes for the same seed, and a sample done by hand."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from accounts.models import User
from revops.close.certificate import pack
from revops.close.certificate.choosing import (
    MONETARY_UNIT,
    RANDOM,
    choose,
    monetary_unit,
    number_of,
)
from revops.close.certificate.pack import PackRefused, Wish
from revops.close.models import Certificate
from revops.mappings.models import LegalEntity
from tests.close.test_certificate import booked, sealed
from tests.conftest import SignIn

Amounts = some.dictionaries(some.text(max_size=6), some.integers(-500, 500), max_size=20)


class TestChoosing:
    def test_at_random_is_by_digest_of_seed_and_key(self) -> None:
        keys = ["a", "b", "c", "d"]
        by_hand = sorted(keys, key=lambda one: hashlib.sha256(f"s:{one}".encode()).hexdigest())
        assert choose([(one, 1) for one in keys], seed="s", size=2, method=RANDOM) == sorted(
            by_hand[:2]
        )

    def test_by_monetary_unit_hits_every_so_many_units(self) -> None:
        # 100 units in 4 steps of 25: the seed gives the first place, then every 25th.
        amounts = [("a", 10), ("b", 60), ("c", -20), ("d", 10)]
        first = number_of("s", "start") % 25
        ends = {"a": 10, "b": 70, "c": 90, "d": 100}
        hit = {
            next(key for key, end in ends.items() if place < end) for place in range(first, 100, 25)
        }
        assert set(monetary_unit(amounts, seed="s", size=4)) == hit
        assert "b" in hit

    @settings(max_examples=40, deadline=None)
    @given(Amounts, some.text(max_size=5), some.integers(1, 10))
    def test_does_not_depend_on_the_order_of_rows(
        self, held: dict[str, int], seed: str, size: int
    ) -> None:
        rows = list(held.items())
        for method in (RANDOM, MONETARY_UNIT):
            chosen = choose(rows, seed=seed, size=size, method=method)
            assert chosen == choose(rows[::-1], seed=seed, size=size, method=method)
            assert len(chosen) == len(set(chosen)) <= size
            assert set(chosen) <= set(held)

    @settings(max_examples=40, deadline=None)
    @given(Amounts, some.integers(1, 10))
    def test_always_hits_what_is_as_large_as_a_step(self, held: dict[str, int], size: int) -> None:
        rows = list(held.items())
        whole = sum(abs(one) for one in held.values())
        step = max(1, -(-whole // size))
        chosen = monetary_unit(rows, seed="s", size=size)
        assert all(key in chosen for key, amount in rows if abs(amount) >= step)

    @pytest.mark.parametrize("size", [0, 201])
    def test_is_asked_for_in_bounds(self, size: int) -> None:
        with pytest.raises(PackRefused):
            Wish("s", RANDOM, size)


@pytest.mark.django_db
class TestPack:
    def opened(self, data: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(data)) as held:
            return {name: held.read(name) for name in held.namelist()}

    def a_certificate(self, entity: LegalEntity, by: User) -> Certificate:
        for _ in range(5):
            booked(entity)
        return sealed(by)

    def test_is_the_same_for_the_same_seed_and_another_for_another(
        self,
        us: LegalEntity,
        mona: User,
    ) -> None:
        made = self.a_certificate(us, mona)
        packs = [pack.make(made, Wish(seed, RANDOM, 3)) for seed in ("one", "one", "two")]
        assert packs[0] == packs[1] != packs[2]

    def test_holds_whole_chains_and_a_manifest_of_every_file(
        self,
        us: LegalEntity,
        mona: User,
    ) -> None:
        held = self.opened(pack.make(self.a_certificate(us, mona), Wish("s", MONETARY_UNIT, 2)))
        manifest = json.loads(held.pop("manifest.json"))
        assert manifest["files"] == {
            name: hashlib.sha256(data).hexdigest() for name, data in held.items()
        }
        sample = json.loads(held["sample.json"])
        assert (sample["population"], len(sample["chosen"])) == (5, 2)
        names = [name for name in held if name.startswith("sample/")]
        chain: dict[str, Any] = json.loads(held[names[0]])
        assert len(names) == 2
        assert chain["event"]["sha256"] == hashlib.sha256(b"{}").hexdigest()
        assert chain["meaning"]["contract"] == "invoice.issued/1"
        assert chain["entry"]["maps"] == 1
        assert chain["postings"][0]["external_id"].startswith("m-")

    def test_is_given_to_an_auditor_as_an_act(
        self,
        us: LegalEntity,
        mona: User,
        rae: User,
        sign_in: SignIn,
    ) -> None:
        made = self.a_certificate(us, mona)
        path = "/close/2026-10/US-INC/evidence.zip"
        given = {"seed": "x", "method": RANDOM, "size": "3"}
        answer = sign_in(rae).post(path, given)
        assert answer["Content-Type"] == "application/zip"
        assert answer.content == pack.make(made, Wish("x", RANDOM, 3))
        assert sign_in(rae).post(path, given | {"size": "many"}).status_code == 422


@pytest.mark.django_db
class TestPages:
    PATH = "/close/2026-10/US-INC/certificate"

    def test_seals_what_was_seen_and_gives_the_file(
        self,
        us: LegalEntity,
        mona: User,
        sign_in: SignIn,
    ) -> None:
        booked(us)
        client = sign_in(mona)
        page = client.get(self.PATH)
        assert "Nobody has sealed it yet." in page.content.decode()
        answer = client.post(f"{self.PATH}/seal", {"seen": page.context["digest"]})
        assert answer.status_code == 302
        assert (
            "It holds: every event in scope is accounted for."
            in client.get(self.PATH).content.decode()
        )
        assert json.loads(client.get(f"{self.PATH}.json").content)["format"]

    def test_says_at_the_next_look_that_it_is_suspended(
        self,
        us: LegalEntity,
        mona: User,
        rae: User,
        sign_in: SignIn,
    ) -> None:
        made = sealed(mona)
        booked(us)
        page = sign_in(rae).get(self.PATH).content.decode()
        assert f"{made} is suspended: changed since it was sealed" in page
        assert 'id="seal"' not in page
        assert f"{made}" in sign_in(rae).get("/close/packs/?period=2026-10").content.decode()

    def test_refuses_to_seal_what_is_not_complete(
        self,
        us: LegalEntity,
        mona: User,
        sign_in: SignIn,
    ) -> None:
        booked(us, state="pending", external_id=None)
        client = sign_in(mona)
        page = client.get(self.PATH)
        assert "It cannot be sealed yet." in page.content.decode()
        given = {"seen": page.context["digest"]}
        assert client.post(f"{self.PATH}/seal", given).status_code == 409
        assert not Certificate.objects.exists()
