"""
A Salesforce to develop and rehearse against: OAuth, queries, records and collections in its wire
form (REST API 62.0), outbound messages with retries until they are acknowledged, and faults.

``world.py`` keeps the records, ``schema.py`` says which there are, ``soql.py`` queries them,
``rest.py`` answers for ``/services/data``, ``tokens.py`` for the sign-in, ``outbound.py`` sends
messages, ``business.py`` does what people do there, ``control.py`` is the switchboard.
"""

from connectors.systems.salesforce.sandbox.app import build, for_connection
from connectors.systems.salesforce.sandbox.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    ORGANIZATION,
    USERNAME,
    Config,
)

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "ORGANIZATION",
    "USERNAME",
    "Config",
    "build",
    "for_connection",
]
