"""
Whether somebody with some legal entities sees a cause is asked for each cause of the queue; without
an index for the question, every case that there ever was is looked at to answer it.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exceptions", "0007_playbook_runs")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                fields=["cause_key", "legal_entity"], name="exceptions_case_shows_cause"
            ),
        ),
    ]
