"""
Whose approvals a database session sees. A policy for all entities is everybody's. What is looked
for across entities, whoever asks, comes from two functions that see every row and tell little: what
else was asked for a customer, and who made a request.
"""

from django.db import migrations

from revops.store import guards

ACROSS = """
CREATE FUNCTION approvals_asked_for(
    of_subject text, of_party bigint, since timestamptz, besides bigint
) RETURNS TABLE (amount bigint, currency text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH RECURSIVE one AS (
        SELECT id, merged_into_id FROM canonical_party WHERE id = of_party
        UNION
        SELECT party.id, party.merged_into_id FROM canonical_party party, one
        WHERE party.id = one.merged_into_id OR party.merged_into_id = one.id
    )
    SELECT asked.amount, asked.currency::text FROM approvals_approvalrequest asked
    WHERE asked.subject = of_subject AND asked.customer_id IN (SELECT id FROM one)
      AND asked.requested_at > since AND asked.amount IS NOT NULL
      AND asked.state IN ('waiting', 'sent_back', 'approved') AND asked.id <> besides
$$;
CREATE FUNCTION approvals_makers_of(requests bigint[])
RETURNS TABLE (request_id bigint, user_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT maker.request_id, maker.user_id FROM approvals_maker maker
    WHERE maker.request_id = ANY (requests)
$$;
"""
BACK = """
DROP FUNCTION approvals_makers_of(bigint[]);
DROP FUNCTION approvals_asked_for(text, bigint, timestamptz, bigint);
"""
OF_A_REQUEST = guards.through("request_id", "approvals_approvalrequest")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_guards"), ("accounts", "0003_database_roles")]

    operations = [
        migrations.RunSQL(ACROSS, BACK),
        guards.scoped("approvals_approvalrequest", guards.code("entity")),
        guards.scoped("approvals_step", OF_A_REQUEST),
        guards.scoped("approvals_decision", OF_A_REQUEST),
        guards.scoped("approvals_maker", OF_A_REQUEST),
        guards.scoped("approvals_edition", OF_A_REQUEST),
        guards.scoped("approvals_comment", OF_A_REQUEST),
        guards.scoped("approvals_policy", f"entity = '' OR {guards.code('entity')}"),
        guards.scoped("approvals_tier", guards.through("policy_id", "approvals_policy")),
        guards.never_changed(
            "approvals_step",
            "approvals_decision",
            "approvals_maker",
            "approvals_edition",
            "approvals_comment",
            "approvals_tier",
        ),
        guards.never_deleted(
            "approvals_approvalrequest", "approvals_policy", "approvals_delegation"
        ),
    ]
