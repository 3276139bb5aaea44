"""Whose postings a database session sees; attempts that only workers fill in, once."""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("mappings", "0006_rows"), ("delivery", "0003_proof_by_document")]

    operations = [
        guards.scoped("delivery_outboundcommand", guards.entity()),
        guards.scoped("delivery_attempt", guards.through("command_id", "delivery_outboundcommand")),
        guards.never_deleted("delivery_outboundcommand"),
        guards.never_changed("delivery_attempt"),
        guards.filled_in(
            "delivery_attempt", "outcome", "http_status", "reason", "excerpt", "finished_at"
        ),
    ]
