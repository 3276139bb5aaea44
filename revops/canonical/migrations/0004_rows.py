"""
Whose records a database session sees. The catalogue (products, prices) is everybody's: what is sold
is the same whoever sells it. Rows about records of any kind follow in ``lineage/0002_rows``.
"""

from django.db import migrations

from revops.store import guards

# One that was merged away is seen with the one that it became.
PARTY = (
    "EXISTS (SELECT 1 FROM canonical_customer AS account WHERE account.party_id"
    " IN (canonical_party.id, canonical_party.merged_into_id))"
)
BOTH = (
    "EXISTS (SELECT 1 FROM canonical_party AS party WHERE party.id = {})"
    " AND EXISTS (SELECT 1 FROM canonical_party AS party WHERE party.id = {})"
)


class Migration(migrations.Migration):
    dependencies = [
        ("mappings", "0006_rows"),
        ("canonical", "0004_credits_voided_refunds_returned"),
    ]

    operations = [
        guards.scoped("canonical_customer", guards.entity()),
        guards.scoped("canonical_opportunity", guards.entity()),
        guards.scoped("canonical_quote", guards.entity()),
        guards.scoped("canonical_contract", guards.entity()),
        guards.scoped("canonical_subscription", guards.entity()),
        guards.scoped("canonical_entitlement", guards.entity()),
        guards.scoped("canonical_invoice", guards.entity()),
        guards.scoped("canonical_taxdocument", guards.entity()),
        guards.scoped("canonical_adjustment", guards.entity()),
        guards.scoped("canonical_supportcase", guards.entity()),
        guards.scoped("canonical_credit", guards.entity()),
        guards.scoped("canonical_drift", guards.entity()),
        guards.scoped("canonical_payment", guards.entity()),
        guards.scoped("canonical_refund", guards.entity()),
        guards.scoped("canonical_dispute", guards.entity()),
        guards.scoped("canonical_payout", guards.entity()),
        guards.scoped("canonical_invoiceline", guards.through("invoice_id", "canonical_invoice")),
        guards.scoped(
            "canonical_creditapplication", guards.through("credit_id", "canonical_credit")
        ),
        # Whoever sees one of its accounts sees a customer, and it is one in all entities.
        guards.scoped("canonical_party", PARTY),
        guards.scoped("canonical_merge", BOTH.format("survivor_id", "absorbed_id")),
        guards.scoped("canonical_mergeproposal", BOTH.format("left_id", "right_id")),
        guards.never_changed("canonical_recordchange"),
    ]
