"""Keys by which customers that may be one find each other, in place of an index on their names."""

import django.db.models.deletion
from django.db import migrations, models

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("canonical", "0004_rows")]

    operations = [
        migrations.CreateModel(
            name="MatchKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "party",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="canonical.party",
                    ),
                ),
                ("key", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["key", "party"], name="canonical_matchkey_found")],
            },
        ),
        migrations.RemoveIndex(model_name="party", name="canonical_party_name"),
        migrations.RemoveIndex(model_name="party", name="canonical_party_domain"),
        guards.scoped("canonical_matchkey", guards.through("party_id", "canonical_party")),
    ]
