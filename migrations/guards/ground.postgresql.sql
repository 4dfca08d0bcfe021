-- What the journal points to stays what it was: an account, fund, unit or province may end or be
-- renamed, but it never vanishes, and its number, its code and its place in statements never change.
CREATE FUNCTION guard_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: what identifies a row of % stays', TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_stays';
END $$
--;
CREATE TRIGGER account_stays BEFORE DELETE OR TRUNCATE ON account
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE account ENABLE ALWAYS TRIGGER account_stays
--;
CREATE TRIGGER account_keeps BEFORE UPDATE ON account FOR EACH ROW
WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.code IS DISTINCT FROM NEW.code OR OLD.type IS DISTINCT FROM NEW.type OR OLD.line IS DISTINCT FROM NEW.line)
EXECUTE FUNCTION guard_stays()
--;
ALTER TABLE account ENABLE ALWAYS TRIGGER account_keeps
--;
CREATE TRIGGER fund_stays BEFORE DELETE OR TRUNCATE ON fund
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE fund ENABLE ALWAYS TRIGGER fund_stays
--;
CREATE TRIGGER fund_keeps BEFORE UPDATE ON fund FOR EACH ROW
WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.code IS DISTINCT FROM NEW.code OR OLD.prefix IS DISTINCT FROM NEW.prefix)
EXECUTE FUNCTION guard_stays()
--;
ALTER TABLE fund ENABLE ALWAYS TRIGGER fund_keeps
--;
CREATE TRIGGER unit_stays BEFORE DELETE OR TRUNCATE ON unit
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE unit ENABLE ALWAYS TRIGGER unit_stays
--;
CREATE TRIGGER unit_keeps BEFORE UPDATE ON unit FOR EACH ROW
WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.code IS DISTINCT FROM NEW.code)
EXECUTE FUNCTION guard_stays()
--;
ALTER TABLE unit ENABLE ALWAYS TRIGGER unit_keeps
--;
CREATE TRIGGER province_stays BEFORE DELETE OR TRUNCATE ON province
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE province ENABLE ALWAYS TRIGGER province_stays
--;
CREATE TRIGGER province_keeps BEFORE UPDATE ON province FOR EACH ROW
WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.scheme IS DISTINCT FROM NEW.scheme OR OLD.code IS DISTINCT FROM NEW.code)
EXECUTE FUNCTION guard_stays()
--;
ALTER TABLE province ENABLE ALWAYS TRIGGER province_keeps
--;
-- Acts are told once; nobody rewrites what was done, or by whom.
CREATE TRIGGER act_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON act
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE act ENABLE ALWAYS TRIGGER act_append_only
--;
-- A kept file stays noted under its hash; notes of the same file again are passed over.
CREATE TRIGGER stored_file_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_file
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE stored_file ENABLE ALWAYS TRIGGER stored_file_append_only
