"""
One person is one, whatever accounts they use: who is tied to a maker decides no more than the maker
does, and nobody decides twice by another account. What was tied at any time since a request was
asked for counts for it.
"""

from importlib import import_module

from django.db import migrations

_BEFORE = import_module("approvals.migrations.0002_guards").FORWARD


def _function(name: str) -> str:
    """A function as it was made."""
    start = _BEFORE.index(f"CREATE FUNCTION {name}()")
    end = _BEFORE.index("END $$;", start) + len("END $$;")
    return _BEFORE[start:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


def _changed(text: str, before: str, after: str) -> str:
    assert text.count(before) == 1, before
    return text.replace(before, after)


DECIDE = _changed(
    _function("approvals_decide"),
    "AND user_id IN (NEW.decided_by_id, NEW.on_behalf_id)) THEN",
    """AND user_id IN (
                   SELECT accounts_persons(NEW.decided_by_id, asked.requested_at)
                   UNION ALL SELECT accounts_persons(NEW.on_behalf_id, asked.requested_at))) THEN""",
)
DECIDE = _changed(
    DECIDE,
    """AND (other.decided_by_id IN (NEW.decided_by_id, NEW.on_behalf_id)
                    OR other.on_behalf_id IN (NEW.decided_by_id, NEW.on_behalf_id))) THEN""",
    """AND (ARRAY[other.decided_by_id, other.on_behalf_id] && ARRAY(
                   SELECT accounts_persons(NEW.decided_by_id, asked.requested_at)
                   UNION ALL SELECT accounts_persons(NEW.on_behalf_id, asked.requested_at)))) THEN""",
)
CHANGE = _changed(
    _function("approvals_change"),
    "AND user_id = NEW.reviewed_by_id) THEN",
    """AND user_id IN (
            SELECT accounts_persons(NEW.reviewed_by_id, NEW.requested_at))) THEN""",
)
CHANGE = _changed(
    CHANGE,
    "IF NEW.reviewed_by_id IS NOT NULL AND EXISTS",
    "IF NEW.reviewed_by_id IS NOT NULL AND OLD.reviewed_by_id IS NULL AND EXISTS",
)
BACK = _function("approvals_decide") + _function("approvals_change")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_rows"), ("accounts", "0005_same_person")]

    operations = [migrations.RunSQL(DECIDE + CHANGE, BACK)]
