"""A Business Central that holds nothing: API v2.0 of one environment, and Entra's door."""

from connectors.systems.business_central.sandbox.app import (
    CLIENT_ID,
    CLIENT_SECRET,
    STATE,
    build,
    for_connection,
)

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "STATE", "build", "for_connection"]
