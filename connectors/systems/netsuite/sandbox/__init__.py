"""
A stand-in for a NetSuite account in its own wire form, with faults that can be switched on.

Its books are a SQLite database whose tables have the names of NetSuite's own, so that SuiteQL is
answered by running it and not by knowing what the connector asks.
"""

from connectors.systems.netsuite.sandbox.app import build, for_connection
from connectors.systems.netsuite.sandbox.oauth import (
    CERTIFICATE_ID,
    CLIENT_ID,
    PRIVATE_KEY,
    TOKENS,
)

__all__ = ["CERTIFICATE_ID", "CLIENT_ID", "PRIVATE_KEY", "TOKENS", "build", "for_connection"]
