"""
Whose requests a database session sees. A draft that names no invoice yet belongs to no legal entity
and is seen by everybody who writes drafts; the pages show it to its own writer.
"""

from django.db import migrations

from revops.store import guards

OPEN = f"legal_entity_id IS NULL OR {guards.entity()}"


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial"), ("accounts", "0003_database_roles")]

    operations = [
        guards.scoped("credits_promise", OPEN),
        guards.scoped("credits_rule", OPEN),
        guards.scoped("credits_servicecredit", OPEN),
        guards.scoped("credits_moment", guards.through("credit_id", "credits_servicecredit")),
        guards.never_changed("credits_moment"),
        guards.never_deleted("credits_servicecredit", "credits_promise", "credits_rule"),
    ]
