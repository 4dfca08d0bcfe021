-- A profile stays as it was kept, and is taken away once: what was read by it can be read again.
CREATE FUNCTION guard_bank_profile_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: a profile is taken away by a mark, never deleted'
        USING ERRCODE = '23000', CONSTRAINT = TG_NAME;
END $$
--;
CREATE TRIGGER bank_profile_kept BEFORE DELETE OR TRUNCATE ON bank_profile
FOR EACH STATEMENT EXECUTE FUNCTION guard_bank_profile_rows()
--;
ALTER TABLE bank_profile ENABLE ALWAYS TRIGGER bank_profile_kept
--;
CREATE FUNCTION guard_bank_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.removed_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM bank_account WHERE id = NEW.bank_account_id AND unit_id = NEW.unit_id
    )) THEN
        RAISE EXCEPTION 'guard: a profile is new, and of its account''s unit'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_profile_kept';
    END IF;
    IF TG_OP = 'UPDATE' AND (
        OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL
        OR (OLD.id, OLD.unit_id, OLD.bank_account_id, OLD.number, OLD.columns, OLD.amounts,
            OLD.days, OLD.sign, OLD.running, OLD.made_at, OLD.made_by)
        IS DISTINCT FROM
        (NEW.id, NEW.unit_id, NEW.bank_account_id, NEW.number, NEW.columns, NEW.amounts,
            NEW.days, NEW.sign, NEW.running, NEW.made_at, NEW.made_by)
    ) THEN
        RAISE EXCEPTION 'guard: a profile is taken away once, nothing else'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_profile_kept';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER bank_profile_frozen BEFORE INSERT OR UPDATE ON bank_profile
FOR EACH ROW EXECUTE FUNCTION guard_bank_profile()
--;
ALTER TABLE bank_profile ENABLE ALWAYS TRIGGER bank_profile_frozen
