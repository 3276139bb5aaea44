"""Who the servers run as.

PostgreSQL refuses to run as root. When we are root, the servers run as the machine's own `nobody`:
no account is made and no folder that exists is opened for it. Whether it reaches a path is tried
and not computed, because access lists, mount options and capabilities all have a say.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from revops.embedded.trouble import CannotStart


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give one file or folder (not its content) to this account. Raises OSError."""
        os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        return self._try('cd "$1"', folder)

    def can_execute(self, binary: Path) -> bool:
        return self._try('test -r "$1" && test -x "$1"', binary)

    def _try(self, script: str, path: Path) -> bool:
        try:
            answer = subprocess.run(
                ["/bin/sh", "-c", script, "sh", str(path)],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=10,
            )
        except PermissionError as error:
            raise CannotStart(
                f"The servers must not run as root, and this process may not become {self.name!r}: "
                "start as an ordinary user, or set DATABASE_URL and REDIS_URL."
            ) from error
        return answer.returncode == 0


def server_account() -> Account | None:
    """The account to run servers as; None means our own, which is right when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise CannotStart(
            "The servers must not run as root, and there is no account 'nobody': "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
