"""Whose flows a database session sees."""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("mappings", "0006_rows"), ("pipeline", "0002_flows")]

    operations = [
        guards.scoped("pipeline_flowrun", guards.entity()),
        guards.scoped("pipeline_steprun", guards.through("run_id", "pipeline_flowrun")),
    ]
