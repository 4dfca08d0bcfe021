-- A rule stays as it was tested, and is switched off once; what it was used for is append-only.
CREATE FUNCTION guard_match_rule_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: what % holds is never changed or taken away', TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_NAME;
END $$
--;
CREATE TRIGGER match_rule_kept BEFORE DELETE OR TRUNCATE ON match_rule
FOR EACH STATEMENT EXECUTE FUNCTION guard_match_rule_rows()
--;
ALTER TABLE match_rule ENABLE ALWAYS TRIGGER match_rule_kept
--;
CREATE TRIGGER match_rule_use_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON match_rule_use
FOR EACH STATEMENT EXECUTE FUNCTION guard_match_rule_rows()
--;
ALTER TABLE match_rule_use ENABLE ALWAYS TRIGGER match_rule_use_append_only
--;
CREATE FUNCTION guard_match_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.off_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM bank_account WHERE id = NEW.bank_account_id AND unit_id = NEW.unit_id
    )) THEN
        RAISE EXCEPTION 'guard: a rule is on, and of its account''s unit'
            USING ERRCODE = '23000', CONSTRAINT = 'match_rule_kept';
    END IF;
    IF TG_OP = 'UPDATE' AND (
        OLD.off_at IS NOT NULL OR NEW.off_at IS NULL
        OR (OLD.id, OLD.unit_id, OLD.bank_account_id, OLD.key, OLD.facts, OLD.tested, OLD.made_at,
            OLD.made_by)
        IS DISTINCT FROM
        (NEW.id, NEW.unit_id, NEW.bank_account_id, NEW.key, NEW.facts, NEW.tested, NEW.made_at,
            NEW.made_by)
    ) THEN
        RAISE EXCEPTION 'guard: a rule is switched off once, nothing else'
            USING ERRCODE = '23000', CONSTRAINT = 'match_rule_kept';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER match_rule_frozen BEFORE INSERT OR UPDATE ON match_rule
FOR EACH ROW EXECUTE FUNCTION guard_match_rule()
--;
ALTER TABLE match_rule ENABLE ALWAYS TRIGGER match_rule_frozen
