"""The addresses of the journal and schedule lists."""

from __future__ import annotations

from typing import Final

from revops.lineage.queries.hops import DOCUMENTS
from revops.web.filters import Filters, Key

STANDING: Final = {
    "posted": "Posted",
    "waiting": "On the way",
    "missing": "Not posted",
    "unrouted": "No ERP",
}
RUNNING: Final = {"running": "Running", "stopped": "Stopped", "finished": "Finished"}


def _no_address(text: str) -> str:
    """An address of a page is kept by browsers and logs: nobody's e-mail belongs into one."""
    if "@" in text:
        raise ValueError("E-mail addresses are not searched for.")
    return text


JOURNALS: Final = Filters(
    Key("q", label="Words or id", accept=_no_address),
    Key("document", label="Document", choices=DOCUMENTS),
    Key("account", label="Account"),
    Key("standing", label="ERP state", choices=STANDING),
)
SCHEDULES: Final = Filters(
    Key("q", label="Words or id", accept=_no_address),
    Key("sku", label="SKU"),
    Key("standing", label="State", choices=RUNNING),
)
