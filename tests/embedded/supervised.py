"""A supervisor that only starts the web process, run as a program: APPLICATION PORT LOG."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from revops.embedded.product import BOUND, web
from revops.embedded.programs import Program, start


def main(application: str, port: str, log: str) -> None:
    argv = (sys.executable, *web(application, int(port)))
    environment = {**os.environ, **BOUND, "DJANGO_SETTINGS_MODULE": "revops.settings.test"}
    start(Program("web", argv, Path(log), environment, Path(log).parent))
    time.sleep(120)


if __name__ == "__main__":
    main(*sys.argv[1:])
