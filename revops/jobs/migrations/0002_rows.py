"""Whose jobs a database session sees: those all of whose records are in its legal entities."""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_database_roles"), ("jobs", "0001_initial")]

    operations = [
        # While it is frozen, a draft has no entities yet and is its maker's own.
        guards.scoped("jobs_job", f"entities::text[] <@ {guards.CODES}"),
        guards.scoped("jobs_jobitem", guards.through("job_id", "jobs_job")),
    ]
