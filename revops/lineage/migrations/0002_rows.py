"""
What points at records of any kind is seen by whoever sees the record: links of threads, ids of
other systems, what each system claims, what changed.
"""

from django.db import migrations

from revops.store import guards

TABLES = {
    "customer": "canonical_customer",
    "opportunity": "canonical_opportunity",
    "quote": "canonical_quote",
    "contract": "canonical_contract",
    "subscription": "canonical_subscription",
    "entitlement": "canonical_entitlement",
    "invoice": "canonical_invoice",
    "tax": "canonical_taxdocument",
    "payment": "canonical_payment",
    "refund": "canonical_refund",
    "dispute": "canonical_dispute",
    "payout": "canonical_payout",
    "credit": "canonical_credit",
    "support_case": "canonical_supportcase",
    "remittance": "canonical_adjustment",
    "credit_loss": "canonical_adjustment",
    "recovery": "canonical_adjustment",
    "party": "canonical_party",
    "product": "canonical_product",
    "price": "canonical_price",
    "rated_line": "usage_ratedline",
    "journal": "ledger_journalentry",
    "schedule": "ledger_revenueschedule",
    "command": "delivery_outboundcommand",
    "event": "events_inboundevent",
    "business_event": "events_businessevent",
    "case": "exceptions_case",
}
CHOICE = "WHEN '{}' THEN RETURN EXISTS (SELECT 1 FROM public.{} AS of WHERE of.id = about);"
CHOICES = "\n        ".join(CHOICE.format(*pair) for pair in TABLES.items())
# What is asked of a record of a kind runs under that table's own policy.
SEES = f"""
CREATE FUNCTION revops_sees(kind text, about bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    CASE kind
        {CHOICES}
        ELSE RETURN false;
    END CASE;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("canonical", "0004_rows"),
        ("events", "0002_rows"),
        ("ledger", "0005_rows"),
        ("delivery", "0004_rows"),
        ("usage", "0002_rows"),
        ("lineage", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(SEES, "DROP FUNCTION revops_sees(text, bigint);"),
        guards.scoped("canonical_externalreference", guards.about()),
        guards.scoped("canonical_claim", guards.about()),
        guards.scoped("canonical_recordchange", guards.about()),
        guards.scoped(
            "lineage_link",
            f"{guards.about('from_kind', 'from_id')} AND {guards.about('to_kind', 'to_id')}",
        ),
    ]
