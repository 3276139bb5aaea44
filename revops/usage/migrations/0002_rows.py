"""
Whose usage a database session sees: that of subscriptions it sees. Raw records name no customer of
ours, so they have no policy; what was refused or came differently is for those who see everything.

Partitions are made as use comes in, and no role of the console may make tables: this function may,
and only a month's partition.
"""

from django.db import migrations

from revops.store import guards

PARTITION = """
CREATE FUNCTION usage_make_partition(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE start date := date_trunc('month', month)::date;
BEGIN
    EXECUTE format(
        'CREATE TABLE public.%I PARTITION OF public.usage_record FOR VALUES FROM (%L) TO (%L)',
        'usage_record_' || to_char(start, 'YYYY_MM'),
        start || ' 00:00+00', (start + interval '1 month')::date || ' 00:00+00'
    );
END $$;
"""
DAY = (
    "EXISTS (SELECT 1 FROM canonical_subscription AS own"
    " WHERE own.id = usage_daytotal.subscription_id)"
)


class Migration(migrations.Migration):
    dependencies = [("canonical", "0004_rows"), ("usage", "0001_initial")]

    operations = [
        migrations.RunSQL(PARTITION, "DROP FUNCTION usage_make_partition(date);"),
        guards.scoped("usage_policy", f"legal_entity_id IS NULL OR {guards.entity()}"),
        guards.scoped("usage_ratedline", guards.entity()),
        guards.scoped("usage_daytotal", DAY),
        guards.scoped("usage_account", guards.through("subscription_id", "canonical_subscription")),
        guards.scoped(
            "usage_crossing", guards.through("subscription_id", "canonical_subscription")
        ),
        guards.scoped(
            "usage_stream",
            guards.through("usage_stream.id", "usage_daytotal", "stream_id"),
            door=True,
        ),
        guards.scoped("usage_batch", guards.NOBODY, door=True),
        guards.scoped("usage_conflict", guards.NOBODY, door=True),
        guards.scoped("usage_refused", guards.NOBODY, door=True),
        guards.never_changed("usage_record"),
    ]
