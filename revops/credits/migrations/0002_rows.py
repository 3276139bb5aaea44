"""Whose service credits a database session sees; a promise or a rule for all concerns everybody."""

from django.db import migrations

from revops.store import guards

EVERYBODYS = f"legal_entity_id IS NULL OR {guards.entity()}"


class Migration(migrations.Migration):
    dependencies = [("mappings", "0006_rows"), ("credits", "0001_initial")]

    operations = [
        guards.scoped("credits_promise", EVERYBODYS),
        guards.scoped("credits_rule", EVERYBODYS),
        guards.scoped("credits_servicecredit", guards.entity()),
        guards.scoped("credits_moment", guards.through("credit_id", "credits_servicecredit")),
    ]
