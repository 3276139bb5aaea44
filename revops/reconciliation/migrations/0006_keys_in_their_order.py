from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0005_runs_asked_for")]

    operations = [
        migrations.RemoveIndex("holding", "reconciliation_holding_key"),
        migrations.AddIndex(
            "holding",
            models.Index(
                fields=["connection", "kind", "key"],
                include=["legal_entity", "dated", "gone_in"],
                name="reconciliation_holding_keys",
            ),
        ),
    ]
