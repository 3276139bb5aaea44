"""
What the tables must never hold, whoever writes to them and with whatever statement: a decision by
who asked, edited or made it, a second decision on a step, an approval that nobody gave, a request
whose content changes without voiding what was approved, and a policy that nobody agreed to.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION approvals_refuse(words text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', words USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION approvals_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM approvals_refuse('What was asked and decided is kept.');
    RETURN NULL;
END $$;

-- A decision: of the version and step that wait, about the content that stands, by nobody who made
-- it, and by nobody twice.
CREATE FUNCTION approvals_decide() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE asked approvals_approvalrequest%ROWTYPE;
BEGIN
    SELECT * INTO asked FROM approvals_approvalrequest WHERE id = NEW.request_id FOR UPDATE;
    NEW.requested_by_id := asked.requested_by_id;
    IF asked.state <> 'waiting' OR asked.version <> NEW.version OR asked.position <> NEW.step THEN
        PERFORM approvals_refuse('This step does not wait for a decision.');
    END IF;
    IF asked.sha256 <> NEW.sha256 THEN
        PERFORM approvals_refuse('The request was edited since.');
    END IF;
    IF EXISTS (SELECT 1 FROM approvals_maker WHERE request_id = NEW.request_id
               AND user_id IN (NEW.decided_by_id, NEW.on_behalf_id)) THEN
        PERFORM approvals_refuse('Nobody decides what they asked for, edited or made.');
    END IF;
    IF EXISTS (SELECT 1 FROM approvals_decision other
               WHERE other.request_id = NEW.request_id AND other.version = NEW.version
               AND (other.decided_by_id IN (NEW.decided_by_id, NEW.on_behalf_id)
                    OR other.on_behalf_id IN (NEW.decided_by_id, NEW.on_behalf_id))) THEN
        PERFORM approvals_refuse('Nobody decides twice.');
    END IF;
    IF NEW.on_behalf_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM approvals_delegation WHERE giver_id = NEW.on_behalf_id
        AND taker_id = NEW.decided_by_id AND revoked_at IS NULL
        AND starts_at <= NEW.decided_at AND ends_at > NEW.decided_at) THEN
        PERFORM approvals_refuse('Nobody handed this right on.');
    END IF;
    RETURN NEW;
END $$;

-- A request begins as waiting, keeps who asked, and changes content only with a new version.
CREATE FUNCTION approvals_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'waiting' OR NEW.version <> 1 OR NEW.position <> 1 THEN
        PERFORM approvals_refuse('A request begins as waiting.');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted integer; given integer;
BEGIN
    IF (NEW.subject, NEW.subject_id, NEW.entity, NEW.requested_at, NEW.rule)
        IS DISTINCT FROM (OLD.subject, OLD.subject_id, OLD.entity, OLD.requested_at, OLD.rule)
        OR NEW.requested_by_id IS DISTINCT FROM OLD.requested_by_id THEN
        PERFORM approvals_refuse('What is asked for, where and by whom stays.');
    END IF;
    IF OLD.state IN ('approved', 'rejected', 'withdrawn', 'expired') AND NEW.state <> OLD.state THEN
        PERFORM approvals_refuse('What has ended stays ended.');
    END IF;
    IF NEW.version = OLD.version THEN
        IF (NEW.content, NEW.sha256, NEW.amount, NEW.currency, NEW.tier, NEW.policy_id,
            NEW.reauthenticate, NEW.customer_id, NEW.functional, NEW.cumulative)
            IS DISTINCT FROM (OLD.content, OLD.sha256, OLD.amount, OLD.currency, OLD.tier,
            OLD.policy_id, OLD.reauthenticate, OLD.customer_id, OLD.functional, OLD.cumulative) THEN
            PERFORM approvals_refuse('An edit is a new version.');
        END IF;
    ELSIF NEW.version <> OLD.version + 1 OR NEW.state <> 'waiting' OR NEW.position <> 1 THEN
        PERFORM approvals_refuse('A new version begins as waiting.');
    END IF;
    IF NEW.position <> OLD.position AND NEW.version = OLD.version AND NOT EXISTS (
        SELECT 1 FROM approvals_decision WHERE request_id = NEW.id AND version = NEW.version
        AND step = NEW.position - 1 AND verdict = 'approve') THEN
        PERFORM approvals_refuse('The step before was not approved.');
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' THEN
        SELECT count(*) INTO wanted FROM approvals_step
            WHERE request_id = NEW.id AND version = NEW.version;
        SELECT count(*) INTO given FROM approvals_decision
            WHERE request_id = NEW.id AND version = NEW.version AND verdict = 'approve'
            AND sha256 = NEW.sha256;
        IF given < wanted OR (wanted = 0 AND NOT EXISTS (
            SELECT 1 FROM approvals_tier WHERE policy_id = NEW.policy_id AND number = NEW.tier
            AND cardinality(steps) = 0)) THEN
            PERFORM approvals_refuse('Not everybody who must agree has agreed.');
        END IF;
    END IF;
    IF NEW.reviewed_by_id IS NOT NULL AND EXISTS (SELECT 1 FROM approvals_maker
        WHERE request_id = NEW.id AND user_id = NEW.reviewed_by_id) THEN
        PERFORM approvals_refuse('Nobody reviews what they asked for.');
    END IF;
    RETURN NEW;
END $$;

-- Who asked is a maker from the first row on, whatever the writer forgets.
CREATE FUNCTION approvals_asker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.requested_by_id IS NOT NULL THEN
        INSERT INTO approvals_maker (request_id, user_id, why)
        VALUES (NEW.id, NEW.requested_by_id, 'asked for it') ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

-- Only the first policy of a subject needs nobody's yes.
CREATE FUNCTION approvals_policy_agreed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.made_at := clock_timestamp();
    IF NEW.request_id IS NULL THEN
        IF EXISTS (SELECT 1 FROM approvals_policy WHERE subject = NEW.subject
                   AND made_at < now()) THEN
            PERFORM approvals_refuse('A change of a policy is asked for and approved.');
        END IF;
    ELSIF NOT EXISTS (SELECT 1 FROM approvals_approvalrequest WHERE id = NEW.request_id
                      AND subject = 'approval_policy' AND state = 'approved') THEN
        PERFORM approvals_refuse('Nobody approved this policy.');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_policy_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid)
        OR upper(NEW.valid) IS NOT DISTINCT FROM upper(OLD.valid)
        OR coalesce(upper(NEW.valid) > upper(OLD.valid), false)
        OR (NEW.subject, NEW.entity, NEW.reason, NEW.number, NEW.expires_days, NEW.sample_percent)
        IS DISTINCT FROM (OLD.subject, OLD.entity, OLD.reason, OLD.number, OLD.expires_days,
        OLD.sample_percent) OR NEW.request_id IS DISTINCT FROM OLD.request_id THEN
        PERFORM approvals_refuse('A policy is never edited; it ends and another begins.');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM approvals_approvalrequest WHERE subject = 'approval_policy'
                   AND state = 'approved' AND ended_at >= now() - interval '1 minute') THEN
        PERFORM approvals_refuse('Nobody approved that this policy ends.');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_tier_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM approvals_policy WHERE id = NEW.policy_id AND made_at < now()) THEN
        PERFORM approvals_refuse('The tiers of a policy come with it.');
    END IF;
    RETURN NEW;
END $$;

-- A version's steps come before anybody decides it.
CREATE FUNCTION approvals_step_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM approvals_decision
               WHERE request_id = NEW.request_id AND version = NEW.version) THEN
        PERFORM approvals_refuse('The steps of a version stay as they are.');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
        OR (NEW.giver_id, NEW.taker_id, NEW.starts_at, NEW.ends_at, NEW.reason)
        IS DISTINCT FROM (OLD.giver_id, OLD.taker_id, OLD.starts_at, OLD.ends_at, OLD.reason) THEN
        PERFORM approvals_refuse('A delegation can only be taken back, once.');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER approvals_decision_right BEFORE INSERT ON approvals_decision
    FOR EACH ROW EXECUTE FUNCTION approvals_decide();
CREATE TRIGGER approvals_decision_kept BEFORE UPDATE OR DELETE ON approvals_decision
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_decisions_kept BEFORE TRUNCATE ON approvals_decision
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_request_begins BEFORE INSERT ON approvals_approvalrequest
    FOR EACH ROW EXECUTE FUNCTION approvals_begin();
CREATE TRIGGER approvals_request_asker AFTER INSERT ON approvals_approvalrequest
    FOR EACH ROW EXECUTE FUNCTION approvals_asker();
CREATE TRIGGER approvals_request_changes BEFORE UPDATE ON approvals_approvalrequest
    FOR EACH ROW EXECUTE FUNCTION approvals_change();
CREATE TRIGGER approvals_request_kept BEFORE DELETE ON approvals_approvalrequest
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_requests_kept BEFORE TRUNCATE ON approvals_approvalrequest
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_maker_kept BEFORE UPDATE OR DELETE ON approvals_maker
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_makers_kept BEFORE TRUNCATE ON approvals_maker
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_step_fixed BEFORE INSERT ON approvals_step
    FOR EACH ROW EXECUTE FUNCTION approvals_step_fixed();
CREATE TRIGGER approvals_step_kept BEFORE UPDATE OR DELETE ON approvals_step
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_edition_kept BEFORE UPDATE OR DELETE ON approvals_edition
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_policy_agreed BEFORE INSERT ON approvals_policy
    FOR EACH ROW EXECUTE FUNCTION approvals_policy_agreed();
CREATE TRIGGER approvals_policy_ends BEFORE UPDATE ON approvals_policy
    FOR EACH ROW EXECUTE FUNCTION approvals_policy_ends();
CREATE TRIGGER approvals_policy_kept BEFORE DELETE ON approvals_policy
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_tier_fixed BEFORE INSERT ON approvals_tier
    FOR EACH ROW EXECUTE FUNCTION approvals_tier_fixed();
CREATE TRIGGER approvals_tier_kept BEFORE UPDATE OR DELETE ON approvals_tier
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
CREATE TRIGGER approvals_delegation_back BEFORE UPDATE ON approvals_delegation
    FOR EACH ROW EXECUTE FUNCTION approvals_taken_back();
CREATE TRIGGER approvals_delegation_kept BEFORE DELETE ON approvals_delegation
    FOR EACH ROW EXECUTE FUNCTION approvals_kept();
"""

BACKWARD = """
DROP FUNCTION approvals_decide() CASCADE;
DROP FUNCTION approvals_begin() CASCADE;
DROP FUNCTION approvals_asker() CASCADE;
DROP FUNCTION approvals_change() CASCADE;
DROP FUNCTION approvals_policy_agreed() CASCADE;
DROP FUNCTION approvals_policy_ends() CASCADE;
DROP FUNCTION approvals_tier_fixed() CASCADE;
DROP FUNCTION approvals_step_fixed() CASCADE;
DROP FUNCTION approvals_taken_back() CASCADE;
DROP FUNCTION approvals_kept() CASCADE;
DROP FUNCTION approvals_refuse(text) CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
