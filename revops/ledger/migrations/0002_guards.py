"""
Journal entries are facts. The database holds it, whoever writes:

* at commit every entry balances in its currency and in the functional currency;
* lines come with their entry, in the same transaction, and never later;
* nothing is updated, deleted or truncated.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A journal entry is never changed, only reversed.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
    SELECT count(*) AS lines, coalesce(sum(amount), 0) AS amount,
           coalesce(sum(functional), 0) AS functional,
           coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debit
      INTO found FROM ledger_journalline WHERE entry_id = NEW.id;
    IF found.lines < 2 OR found.amount <> 0 OR found.functional <> 0 OR found.debit <> NEW.amount
    THEN
        RAISE EXCEPTION 'Entry % does not balance: % lines, difference %, functional %.',
            NEW.id, found.lines, found.amount, found.functional
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_balances';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_lines_come_with_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT entry_id FROM added) AS lines
        JOIN ledger_journalentry entry ON entry.id = lines.entry_id
        -- Not "= the current transaction": a savepoint has an id of its own.
        WHERE pg_xact_status(
            greatest(pg_current_xact_id()::text::bigint - age(entry.xmin), 3)::text::xid8
        ) IS DISTINCT FROM 'in progress'
    ) THEN
        RAISE EXCEPTION 'Lines cannot be added to an entry that is already recorded.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON ledger_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();
CREATE TRIGGER ledger_lines_come_with_entry AFTER INSERT ON ledger_journalline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_lines_come_with_entry();

CREATE TRIGGER ledger_entry_immutable BEFORE UPDATE OR DELETE ON ledger_journalentry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_line_immutable BEFORE UPDATE OR DELETE ON ledger_journalline
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entry_kept BEFORE TRUNCATE ON ledger_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_line_kept BEFORE TRUNCATE ON ledger_journalline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
"""

BACKWARD = """
DROP TRIGGER ledger_line_kept ON ledger_journalline;
DROP TRIGGER ledger_entry_kept ON ledger_journalentry;
DROP TRIGGER ledger_line_immutable ON ledger_journalline;
DROP TRIGGER ledger_entry_immutable ON ledger_journalentry;
DROP TRIGGER ledger_lines_come_with_entry ON ledger_journalline;
DROP TRIGGER ledger_entry_balances ON ledger_journalentry;
DROP FUNCTION ledger_lines_come_with_entry();
DROP FUNCTION ledger_entry_balances();
DROP FUNCTION ledger_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
