"""The folder that holds everything one installation keeps: data, logs, secrets, sockets.

<home>/postgres/  <home>/valkey/   data, owned by whoever runs the servers
<home>/run/                        sockets (elsewhere when the path would be too long)
<home>/log/<name>.log              one per process
<home>/secrets.env                 keys and passwords, 0600, made once and kept
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from revops.embedded.account import Account
from revops.embedded.trouble import CannotStart

# sockaddr_un holds 107 bytes on Linux and 103 on macOS, the file name included.
_LONGEST_SOCKET = 100
_SOCKET_NAME = ".s.PGSQL.5432.lock"


@dataclass(frozen=True, slots=True)
class Home:
    root: Path
    account: Account | None

    def log(self, name: str) -> Path:
        return self.root / "log" / f"{name}.log"

    def server_folder(self, name: str) -> Path:
        """A folder that only the servers' account may enter, made when missing."""
        return _private(self.root / name, self.account)

    def socket_folder(self) -> Path:
        """Like `server_folder`, and short enough for a unix socket in it."""
        return _private(self._socket_path(), self.account)

    def secrets(self) -> dict[str, str]:
        """Keys and passwords by name; what is missing is made and kept for the next start."""
        path = self.root / "secrets.env"
        kept = _read_pairs(path)
        fresh = {
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
            "REVOPS_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "REVOPS_AUDIT_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
            "DOOR_PASSWORD": secrets.token_urlsafe(24),
            "WORKER_PASSWORD": secrets.token_urlsafe(24),
            "VALKEY_PASSWORD": secrets.token_urlsafe(24),
        }
        whole = fresh | kept
        if whole != kept:
            write_private(path, "".join(f"{name}={value}\n" for name, value in whole.items()))
        return whole

    @contextmanager
    def alone(self, lock: str, refusal: str | None = None) -> Iterator[None]:
        """Hold a lock of this home; with a refusal, `CannotStart(refusal)` if someone has it."""
        with (self.root / lock).open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if refusal else 0))
            except BlockingIOError as error:
                raise CannotStart(refusal or "") from error
            yield

    def delete(self) -> None:
        """Remove the home with all its data. The servers in it must have stopped."""
        for folder in (self.root, self._socket_path()):
            shutil.rmtree(folder, ignore_errors=True)

    def _socket_path(self) -> Path:
        folder = self.root / "run"
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_SOCKET:
            return folder
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()
        # Always here, as TMPDIR may differ between two commands; owner and mode are checked.
        return Path("/tmp") / f"revops-{digest[:12]}"  # noqa: S108  owner and mode of the folder are checked before it is used


def open_home(
    requested: Path, account: Account | None, *, elsewhere: Path = Path("/var/lib")
) -> Home:
    """The home at this path, made when missing.

    When we are root and the servers' account cannot reach the path (a project below a folder with
    mode 0700), the home is a new folder below `elsewhere`, and a note in the requested folder
    leads there at the next start. Raises CannotStart when nothing can be written.
    """
    requested = requested.absolute()
    try:
        if not requested.exists():
            requested.mkdir(parents=True)
            requested.chmod(0o700 if account is None else 0o711)
        root = requested
        if account is not None and not _serves(requested, account):
            root = _moved(requested, elsewhere)
        (root / "log").mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {error.filename or requested}: {error.strerror}. "
            "Set REVOPS_HOME to a folder that can be written."
        ) from error
    return Home(root, account)


def throwaway_home(account: Account | None) -> Home:
    """A new empty home among the machine's temporary files; end it with `Home.delete`."""
    for folder in (tempfile.gettempdir(), "/var/lib"):
        if account is None or account.can_enter(Path(folder)):
            root = Path(tempfile.mkdtemp(prefix="revops-", dir=folder))
            root.chmod(0o700 if account is None else 0o711)
            (root / "log").mkdir(mode=0o700)
            return Home(root, account)
    raise CannotStart("No folder for temporary files is open to the servers: set TMPDIR to one.")


def write_private(path: Path, text: str, owner: Account | None = None) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    if owner is not None:
        owner.own(new)
    new.rename(path)


def _serves(folder: Path, account: Account) -> bool:
    """Whether the account can work below the folder, and may be given folders there."""
    if not account.can_enter(folder):
        return False
    try:
        with tempfile.TemporaryDirectory(dir=folder) as probe:
            account.own(Path(probe))
    except PermissionError:
        # A mount that refuses to change owners, as some shared folders of containers do.
        return False
    return True


def _moved(requested: Path, elsewhere: Path) -> Path:
    note = requested / "moved-to"
    if note.exists():
        root = Path(note.read_text().strip())
    else:
        # Random and not derived from the path: a fresh clone at an old path must not find old data.
        root = elsewhere / f"revops-console-{secrets.token_hex(4)}"
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    note.write_text(f"{root}\n")
    return root


def _private(folder: Path, account: Account | None) -> Path:
    owner = os.geteuid() if account is None else account.uid
    try:
        folder.mkdir(mode=0o700)
        if account is not None:
            account.own(folder)
    except FileExistsError:
        # In /tmp anyone may have made it before us, or put a link in its place.
        found = folder.lstat()
        if not folder.is_dir() or folder.is_symlink() or found.st_uid != owner:
            raise CannotStart(
                f"{folder} is not a folder of the account that runs the servers: "
                "remove it, or set REVOPS_HOME to another folder."
            ) from None
    return folder


def _read_pairs(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
