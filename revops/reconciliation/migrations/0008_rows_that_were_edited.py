from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0007_what_was_read")]

    operations = [
        migrations.AddIndex(
            "holding",
            models.Index(
                condition=models.Q(("before__isnull", False)),
                fields=["connection", "kind", "external_id"],
                name="reconciliation_holding_edited",
            ),
        ),
    ]
