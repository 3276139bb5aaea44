"""Which renewals are not paid is asked every five minutes, and few invoices answer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("canonical", "0007_one_index_for_each"),
        ("connectors", "0001_initial"),
        ("mappings", "0008_one_index_for_changes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("state", "overdue")),
                fields=["subscription"],
                name="canonical_invoice_overdue",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("state__in", ["failed", "returned"])),
                fields=["invoice"],
                name="canonical_payment_bounced",
            ),
        ),
    ]
