-- What donors refuse on PostgreSQL: none is taken away; one is merged into a standing one of its
-- unit; one is erased only after two people agreed, and then stays erased; what was agreed to stays
-- said.
CREATE FUNCTION guard_donor_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: %_kept: a row of % is never taken away', TG_TABLE_NAME, TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_kept';
END $$
--;
CREATE TRIGGER donor_kept BEFORE DELETE OR TRUNCATE ON donor
FOR EACH STATEMENT EXECUTE FUNCTION guard_donor_kept()
--;
ALTER TABLE donor ENABLE ALWAYS TRIGGER donor_kept
--;
CREATE FUNCTION guard_donor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.merged_into_id IS NOT NULL OR NEW.erased_at IS NOT NULL THEN
            RAISE EXCEPTION 'guard: donor_merged: a donor is written down before it is merged'
                USING ERRCODE = '23000', CONSTRAINT = 'donor_merged';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.unit_id) IS DISTINCT FROM (OLD.id, OLD.unit_id) THEN
        RAISE EXCEPTION 'guard: donor_identity: a donor stays with its unit'
            USING ERRCODE = '23000', CONSTRAINT = 'donor_identity';
    END IF;
    IF OLD.erased_at IS NOT NULL THEN
        RAISE EXCEPTION 'guard: donor_erased: an erased donor stays as it is'
            USING ERRCODE = '23000', CONSTRAINT = 'donor_erased';
    END IF;
    IF NEW.erased_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM donor_erasure WHERE donor_id = NEW.id AND state = 'approved'
    ) THEN
        RAISE EXCEPTION 'guard: donor_erasure_approved: two people erase a donor'
            USING ERRCODE = '23000', CONSTRAINT = 'donor_erasure_approved';
    END IF;
    IF NEW.merged_into_id IS NOT NULL AND NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id
    THEN
        -- Locked, so that two cannot be merged into each other at the same moment.
        PERFORM FROM donor WHERE id = NEW.merged_into_id AND unit_id = NEW.unit_id
            AND merged_into_id IS NULL AND erased_at IS NULL FOR SHARE;
        IF NOT FOUND OR OLD.merged_into_id IS NOT NULL THEN
            RAISE EXCEPTION
                'guard: donor_merged: a standing donor is merged into another of its unit'
                USING ERRCODE = '23000', CONSTRAINT = 'donor_merged';
        END IF;
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER donor_change BEFORE INSERT OR UPDATE ON donor
FOR EACH ROW EXECUTE FUNCTION guard_donor()
--;
ALTER TABLE donor ENABLE ALWAYS TRIGGER donor_change
--;
CREATE FUNCTION guard_donor_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND EXISTS (
        SELECT 1 FROM donor
        WHERE id = NEW.donor_id AND unit_id = NEW.unit_id AND erased_at IS NULL
    ) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM donor WHERE id = OLD.donor_id AND erased_at IS NOT NULL
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'guard: donor_version_kept: what was known goes with the donor only'
        USING ERRCODE = '23000', CONSTRAINT = 'donor_version_kept';
END $$
--;
CREATE TRIGGER donor_version_change BEFORE INSERT OR UPDATE OR DELETE ON donor_version
FOR EACH ROW EXECUTE FUNCTION guard_donor_version()
--;
ALTER TABLE donor_version ENABLE ALWAYS TRIGGER donor_version_change
--;
CREATE TRIGGER donor_version_kept BEFORE TRUNCATE ON donor_version
FOR EACH STATEMENT EXECUTE FUNCTION guard_donor_kept()
--;
ALTER TABLE donor_version ENABLE ALWAYS TRIGGER donor_version_kept
--;
CREATE TRIGGER donor_consent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON donor_consent
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE donor_consent ENABLE ALWAYS TRIGGER donor_consent_append_only
--;
CREATE TRIGGER donor_erasure_kept BEFORE DELETE OR TRUNCATE ON donor_erasure
FOR EACH STATEMENT EXECUTE FUNCTION guard_donor_kept()
--;
ALTER TABLE donor_erasure ENABLE ALWAYS TRIGGER donor_erasure_kept
--;
CREATE FUNCTION guard_donor_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'asked'
        OR (NEW.id, NEW.unit_id, NEW.donor_id, NEW.reason, NEW.asked_at, NEW.asked_by)
        IS DISTINCT FROM
        (OLD.id, OLD.unit_id, OLD.donor_id, OLD.reason, OLD.asked_at, OLD.asked_by) THEN
        RAISE EXCEPTION 'guard: donor_erasure_frozen: a wish is decided once'
            USING ERRCODE = '23000', CONSTRAINT = 'donor_erasure_frozen';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER donor_erasure_frozen BEFORE UPDATE ON donor_erasure
FOR EACH ROW EXECUTE FUNCTION guard_donor_erasure()
--;
ALTER TABLE donor_erasure ENABLE ALWAYS TRIGGER donor_erasure_frozen
--;
-- A donation stays as it was recorded; only words about people go, and only with their donor.
DROP TRIGGER donation_append_only ON donation
--;
CREATE TRIGGER donation_append_only BEFORE DELETE OR TRUNCATE ON donation
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE donation ENABLE ALWAYS TRIGGER donation_append_only
--;
CREATE FUNCTION guard_donation_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.unit_id, NEW.fund_id, NEW.amount, NEW.received_on, NEW.method, NEW.entry_id,
            NEW.key, NEW.recorded_at, NEW.donor_id, NEW.province_id, NEW.earmark, NEW.recorded_by)
        IS DISTINCT FROM
        (OLD.id, OLD.unit_id, OLD.fund_id, OLD.amount, OLD.received_on, OLD.method, OLD.entry_id,
            OLD.key, OLD.recorded_at, OLD.donor_id, OLD.province_id, OLD.earmark, OLD.recorded_by)
        OR (NEW.on_behalf_of, NEW.in_memory_of, NEW.note) IS DISTINCT FROM ('', '', '')
        OR NOT EXISTS (SELECT 1 FROM donor WHERE id = OLD.donor_id AND erased_at IS NOT NULL)
    THEN
        RAISE EXCEPTION 'guard: donation is append-only'
            USING ERRCODE = '23000', CONSTRAINT = 'donation_append_only';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER donation_update BEFORE UPDATE ON donation
FOR EACH ROW EXECUTE FUNCTION guard_donation_update()
--;
ALTER TABLE donation ENABLE ALWAYS TRIGGER donation_update
