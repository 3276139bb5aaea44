"""Connections to Zendesk that sign in with an API token go on doing so: OAuth is the default now."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("connectors", "0005_accepted_drift")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE connectors_connection
            SET parameters = parameters || '{"sign_in": "api_token"}'::jsonb
            WHERE connector = 'zendesk' AND NOT parameters ? 'sign_in'
            """,
            migrations.RunSQL.noop,
        )
    ]
