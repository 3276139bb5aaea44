"""
Whose requests a database session sees: those of its legal entities. What belongs to none (a change
of roles, a policy for all) is for those who see everything; a policy for all concerns everybody.
"""

from django.db import migrations

from revops.store import guards

EVERYBODYS = f"entity = '' OR {guards.code('entity')}"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_database_roles"), ("approvals", "0002_guards")]

    operations = [
        guards.scoped("approvals_policy", EVERYBODYS),
        guards.scoped("approvals_tier", guards.through("policy_id", "approvals_policy")),
        guards.scoped("approvals_approvalrequest", guards.code("entity")),
        *(
            guards.scoped(table, guards.through("request_id", "approvals_approvalrequest"))
            for table in (
                "approvals_comment",
                "approvals_decision",
                "approvals_edition",
                "approvals_maker",
                "approvals_step",
            )
        ),
    ]
