"""A worker process for drills: takes the line and the deliveries forward, and ends."""

from __future__ import annotations

import sys
import time

import django

django.setup()

from connectors.models import Connection  # noqa: E402  needs Django to be set up
from revops.pipeline import process, send  # noqa: E402  as above
from revops.sandbox import company  # noqa: E402  as above


def main(seconds: float, drainer: str) -> None:
    source = Connection.objects.get(slug=company.STRIPE)
    erp = Connection.objects.get(slug=company.ERP)
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        process.advance(source.pk, seconds=1, linger=0)
        send.drain(erp.pk, drainer=drainer, seconds=1, linger=0)
        time.sleep(0.05)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
