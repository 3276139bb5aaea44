"""
Whose events a database session sees: a raw event belongs to those to whom one of its meanings does,
and until it has one, to those who see everything. The webhook door stores raw events.
"""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("mappings", "0006_rows"), ("events", "0001_initial")]

    operations = [
        guards.scoped("events_businessevent", guards.code("legal_entity")),
        guards.scoped(
            "events_inboundevent",
            guards.through("events_inboundevent.id", "events_businessevent", "inbound_id"),
            door=True,
        ),
        guards.scoped(
            "events_eventconflict", guards.through("event_id", "events_inboundevent"), door=True
        ),
        guards.never_deleted("events_inboundevent", "events_eventconflict", "events_businessevent"),
    ]
