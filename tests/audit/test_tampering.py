"""
I34, the tamper drill: whoever owns the database, and can put its guards to sleep, is found out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection

from revops.audit import anchors, keeping, queries
from revops.audit.chain import Link, hash_of
from revops.audit.export import lines
from revops.audit.operations import Object, record_each
from revops.kernel.actor import system
from tests.architecture import house
from tests.audit.unguarded import unguarded

ACTS = 12
pytestmark = pytest.mark.django_db


@pytest.fixture
def trail(tmp_path: Path, settings: LazySettings) -> Path:
    """Twelve acts, anchored after the eighth and at the end. Gives the folder of the anchors."""
    settings.REVOPS_AUDIT_ANCHORS = tmp_path / "anchors"
    held = [Object(f"EXC-{n}", f"Case {n}", after={"n": n}) for n in range(1, ACTS + 1)]
    first = queries.Head().seq + 1
    assert first == 1
    for part in (held[:8], held[8:]):
        record_each("cases.retry", by=system("drill"), kind="case", held=part, reason="Zoë")
        assert keeping.anchor() is not None
    return tmp_path / "anchors"


def verified(**options: object) -> tuple[int, dict[str, object]]:
    """Exit code and report of the command."""
    out = StringIO()
    code = 0
    try:
        call_command("audit_verify", json=True, stdout=out, **options)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue())


def outside(trail: Path, *more: str) -> tuple[int, str]:
    """The same by the file that needs none of our code."""
    export = trail.parent / "acts.jsonl"
    export.write_text("".join(lines(queries.links(0, 10**9))), encoding="utf-8")
    command = [sys.executable, "-I", str(house.ROOT / "docs" / "verify_audit.py"), str(export)]
    done = subprocess.run(
        [*command, "--anchors", str(trail), *more], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def edit() -> None:
    with unguarded() as cursor:
        cursor.execute("UPDATE audit_event SET actor = 'user:1' WHERE seq = 5")


def edit_the_detail() -> None:
    with unguarded() as cursor:
        cursor.execute("UPDATE audit_event SET detail = replace(detail, '5', '6') WHERE seq = 5")


def delete_from_the_middle() -> None:
    with unguarded() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE seq = 6")


def cut_the_tail() -> None:
    with unguarded() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE seq > 10")
        cursor.execute(
            "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit_event WHERE seq = 10)"
        )


def swap() -> None:
    with unguarded() as cursor:
        cursor.execute("UPDATE audit_event SET seq = 99 WHERE seq = 3")
        cursor.execute("UPDATE audit_event SET seq = 3 WHERE seq = 4")
        cursor.execute("UPDATE audit_event SET seq = 4 WHERE seq = 99")


def chain_anew() -> None:
    """Change an act and work out every hash after it, the head's too: the chain fits again."""
    with unguarded() as cursor:
        cursor.execute("UPDATE audit_event SET actor = 'user:1' WHERE seq = 2")
        prev = queries.hash_at(1)
        for seq in range(2, ACTS + 1):
            cursor.execute("UPDATE audit_event SET prev = %s WHERE seq = %s", [prev, seq])
            (link,) = queries.links(seq - 1, seq)
            prev = hash_of(link)
            cursor.execute("UPDATE audit_event SET hash = %s WHERE seq = %s", [prev, seq])
        cursor.execute("UPDATE audit_head SET hash = %s", [prev])


def forge() -> None:
    """Insert an act with whatever hash, as if it had been there."""
    with unguarded() as cursor:
        cursor.execute(
            "INSERT INTO audit_event SELECT 13, ts, actor, roles, on_behalf, 'periods.open', kind,"
            " reference, entity, correlation_id, request_id, detail, salt, detail_mac, hash,"
            " sha256(hash), NULL FROM audit_event WHERE seq = 12"
        )
        cursor.execute(
            "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit_event WHERE seq = 13)"
        )


class TestAnUntouchedTrail:
    def test_passes_with_its_anchors(self, trail: Path) -> None:
        code, report = verified()
        assert (code, report["checked"], report["anchors"]) == (0, ACTS, 2)
        key = (trail / anchors.PUBLIC_KEY_FILE).read_text().strip()
        assert outside(trail, "--public-key", key)[0] == 0

    def test_passes_in_part(self, trail: Path) -> None:
        code, report = verified(first=4, last=7)
        assert (code, report["checked"]) == (0, 4)


class TestI34TamperDrill:
    """test_i34: six of six, each named by its first bad act, and by two verifiers."""

    @pytest.mark.parametrize(
        ("harm", "code", "seq"),
        [
            (edit, 1, 5),
            (edit_the_detail, 1, 5),
            (delete_from_the_middle, 1, 6),
            (cut_the_tail, 2, 11),
            (swap, 1, 3),
            (chain_anew, 1, 1),
            (forge, 1, 13),
        ],
    )
    def test_i34_harm_is_found_and_named(
        self, trail: Path, harm: Callable[[], None], code: int, seq: int
    ) -> None:
        harm()
        found, report = verified()
        assert (found, report["seq"]) == (code, seq)
        assert outside(trail)[0] == code

    def test_i34_a_chain_made_anew_passes_only_without_anchors(self, trail: Path) -> None:
        chain_anew()
        assert verified(no_anchors=True)[0] == 0

    def test_i34_anchors_forged_to_fit_are_not_ours(
        self, trail: Path, settings: LazySettings
    ) -> None:
        chain_anew()
        ours = settings.REVOPS_AUDIT_KEY
        public = (trail / anchors.PUBLIC_KEY_FILE).read_text().strip()
        for path in trail.iterdir():
            path.unlink()
        settings.REVOPS_AUDIT_KEY = Fernet.generate_key().decode()
        assert keeping.anchor() is not None
        settings.REVOPS_AUDIT_KEY = ours
        code, report = verified()
        assert code == 2
        assert "not signed with our key" in str(report["sentence"])
        assert outside(trail, "--public-key", public)[0] == 2

    def test_i34_a_detail_taken_away_without_an_erasure_is_found(self, trail: Path) -> None:
        with unguarded() as cursor:
            cursor.execute(
                "UPDATE audit_event SET detail = NULL, salt = NULL, erased_by = 9 WHERE seq = 5"
            )
        code, report = verified()
        assert (code, report["seq"]) == (1, 5)

    def test_i34_anchors_that_stopped_are_missed(self, trail: Path) -> None:
        for path in trail.glob("anchor-*"):
            path.unlink()
        assert verified()[0] == 0  # a first act may wait for the hour
        with unguarded() as cursor:
            cursor.execute("UPDATE audit_event SET ts = ts - interval '4 hours' WHERE seq = 1")
            (link,) = queries.links(0, 1)
            cursor.execute("UPDATE audit_event SET hash = %s WHERE seq = 1", [hash_of(link)])
            cursor.execute("DELETE FROM audit_event WHERE seq > 1")
            cursor.execute("UPDATE audit_head SET seq = 1, hash = %s", [hash_of(link)])
        code, report = verified()
        assert code == 2
        assert "due every hour" in str(report["sentence"])


class TestAnchors:
    def test_are_not_written_twice_for_the_same_act(self, trail: Path) -> None:
        assert keeping.anchor() is None

    def test_are_never_written_over(self, trail: Path) -> None:
        path = anchors.files(trail)[-1]
        with pytest.raises(FileExistsError):
            anchors.write(trail, anchors.read(path, anchors.public_key()))

    def test_are_refused_when_the_trail_was_cut(self, trail: Path) -> None:
        cut_the_tail()
        with pytest.raises(keeping.TrailWasCut):
            keeping.anchor()

    def test_with_one_character_changed_are_not_read(self, trail: Path) -> None:
        path = anchors.files(trail)[0]
        path.write_text(path.read_text().replace('"count": 8', '"count": 9'))
        assert verified()[0] == 2


class TestTheTwoVerifiers:
    def test_agree_with_the_database_on_every_text(self) -> None:
        texts = ["", "a:b,c", "é\u2028\U0001f4b6", "12:", '"\\\n\t', "x" * 200]
        held = [Object(text or "-", label=text, entity=text[:20]) for text in texts]
        record_each("cases.retry", by=system("drill"), kind="case", held=held)
        for link in queries.links(0, 100):
            assert isinstance(link, Link)
            assert hash_of(link) == bytes(link.hash)

    def test_compute_the_mac_that_others_compute(self) -> None:
        with connection.cursor() as cursor:
            for size in (0, 1, 32, 64):
                key, text = bytes(range(size)), b"message \xff"
                cursor.execute("SELECT audit_hmac(%s, %s)", [key, text])
                assert bytes(cursor.fetchone()[0]) == hmac.digest(key, text, hashlib.sha256)
