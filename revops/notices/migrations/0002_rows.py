"""Whose notices a database session sees: those of its legal entities, and those of none."""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_database_roles"), ("notices", "0001_initial")]

    operations = [
        guards.scoped("notices_notice", f"entity = '' OR {guards.code('entity')}"),
    ]
