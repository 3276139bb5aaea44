"""An entry that is dated later than its document keeps the document's own day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_one_index_for_each")]

    operations = [
        migrations.AddField(
            model_name="journalentry",
            name="document_date",
            field=models.DateField(null=True),
        ),
    ]
