"""
The contract test that every connector passes against its own sandbox.

A connector's ``test_contract.py`` names its connector, its sandbox and its settings::

    class TestStripe(SourceContract):
        connector = connector
        settings = Settings(slug="stripe", base_url=LOOPBACK, secrets={"api_key": sandbox.API_KEY})

        def build(self) -> ASGIApp:
            return sandbox.build()

A sink adds ``command`` and ``refused_command``, a sink of messages to people (``NoticeContract``)
also ``held`` and ``identity``. What lists for reconciliation adds ``furnish``, ``days`` and
``page`` (``SnapshotContract``). An ERP inherits from ``ErpContract``, which is both and gives most
of it; a billing system inherits from ``BillerContract`` for each kind of request, and gives
``billed``; a warehouse from ``WarehouseContract``, and gives ``kept``. One that signs in with
tokens inherits from ``SignInContract`` too. A connector that is several things inherits from
several.

The sandbox is called in this process. It is expected to understand ``POST /_control/faults`` with
the names of ``FAULTS``, and, for sources, ``POST /_control/scenario/<name>``.
"""

from connectors.testing.billers import Billed, BillerContract
from connectors.testing.books import Books
from connectors.testing.common import FAULTS, LOOPBACK
from connectors.testing.erps import ErpContract
from connectors.testing.notices import NoticeContract
from connectors.testing.sign_ins import SignInContract
from connectors.testing.sinks import SinkContract
from connectors.testing.snapshots import SnapshotContract, Total
from connectors.testing.sources import SourceContract
from connectors.testing.usage import UsageContract
from connectors.testing.warehouses import WarehouseContract

__all__ = [
    "FAULTS",
    "LOOPBACK",
    "Billed",
    "BillerContract",
    "Books",
    "ErpContract",
    "NoticeContract",
    "SignInContract",
    "SinkContract",
    "SnapshotContract",
    "SourceContract",
    "Total",
    "UsageContract",
    "WarehouseContract",
]
