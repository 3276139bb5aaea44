"""
Two customers of the demo that sales has twice: somebody made a second account by hand, without the
customer's id in billing. The line takes them as customers of their own; that they may be one is
for the console to find, and for a person to decide.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from revops.canonical.models import Customer, MergeProposal
from revops.pipeline import identity
from revops.sandbox.company import SALESFORCE

# As sales writes an account. The first is all but sure: the same name and domain. The second is
# found by what is alike: a letter less, and another ending of the domain.
ACCOUNTS: Final = (
    {
        "Name": "Alder Analytics, Inc.", "Website": "https://www.alder1.example",
        "Billing_Email__c": "accounts@alder1.example", "Legal_Entity__c": "US-INC",
    },
    {
        "Name": "Dogwood Food", "Website": "https://www.dogwood4.test",
        "Billing_Email__c": "office@dogwood4.test", "Legal_Entity__c": "US-INC",
    },
)  # fmt: skip


def propose() -> bool:
    """
    Compare as every night, as soon as both accounts have come for the first time: a demo is not
    looked at tomorrow. Whether it was time.
    """
    names = [account["Name"] for account in ACCOUNTS]
    found = list(
        Customer.objects.filter(connection__slug=SALESFORCE, name__in=names).values_list(
            "party", flat=True
        )
    )
    proposed = MergeProposal.objects.filter(Q(left__in=found) | Q(right__in=found))
    if len(found) < len(ACCOUNTS) or proposed.exists():
        return False
    identity.look(everything=True)
    return True
