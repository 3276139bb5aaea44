"""Reading canonical records: the customer as one, differences, history, prices as of a day."""

from revops.canonical.queries.drift import Difference, Voice, differences
from revops.canonical.queries.history import Changed, history
from revops.canonical.queries.party import PartyPage, party_of, party_page
from revops.canonical.queries.prices import prices_on

__all__ = [
    "Changed",
    "Difference",
    "PartyPage",
    "Voice",
    "differences",
    "history",
    "party_of",
    "party_page",
    "prices_on",
]
