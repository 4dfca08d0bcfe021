-- What the journal points to stays what it was: an account, fund, unit or province may end or be
-- renamed, but it never vanishes, and its number, its code and its place in statements never change.
--;
CREATE TRIGGER account_stays BEFORE DELETE ON account
BEGIN
    SELECT RAISE(ABORT, 'guard: account_append_only: account is append-only');
END
--;
CREATE TRIGGER account_keeps BEFORE UPDATE ON account
WHEN OLD.id IS NOT NEW.id OR OLD.code IS NOT NEW.code OR OLD.type IS NOT NEW.type OR OLD.line IS NOT NEW.line
BEGIN
    SELECT RAISE(ABORT, 'guard: account_stays: what identifies a row of account stays');
END
--;
CREATE TRIGGER account_no_replace BEFORE INSERT ON account
WHEN EXISTS (SELECT 1 FROM account WHERE id = NEW.id OR code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'guard: account_append_only: this account is there already');
END
--;
CREATE TRIGGER fund_stays BEFORE DELETE ON fund
BEGIN
    SELECT RAISE(ABORT, 'guard: fund_append_only: fund is append-only');
END
--;
CREATE TRIGGER fund_keeps BEFORE UPDATE ON fund
WHEN OLD.id IS NOT NEW.id OR OLD.code IS NOT NEW.code OR OLD.prefix IS NOT NEW.prefix
BEGIN
    SELECT RAISE(ABORT, 'guard: fund_stays: what identifies a row of fund stays');
END
--;
CREATE TRIGGER fund_no_replace BEFORE INSERT ON fund
WHEN EXISTS (SELECT 1 FROM fund WHERE id = NEW.id OR code = NEW.code OR prefix = NEW.prefix)
BEGIN
    SELECT RAISE(ABORT, 'guard: fund_append_only: this fund is there already');
END
--;
CREATE TRIGGER unit_stays BEFORE DELETE ON unit
BEGIN
    SELECT RAISE(ABORT, 'guard: unit_append_only: unit is append-only');
END
--;
CREATE TRIGGER unit_keeps BEFORE UPDATE ON unit
WHEN OLD.id IS NOT NEW.id OR OLD.code IS NOT NEW.code
BEGIN
    SELECT RAISE(ABORT, 'guard: unit_stays: what identifies a row of unit stays');
END
--;
CREATE TRIGGER unit_no_replace BEFORE INSERT ON unit
WHEN EXISTS (SELECT 1 FROM unit WHERE id = NEW.id OR code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'guard: unit_append_only: this unit is there already');
END
--;
CREATE TRIGGER province_stays BEFORE DELETE ON province
BEGIN
    SELECT RAISE(ABORT, 'guard: province_append_only: province is append-only');
END
--;
CREATE TRIGGER province_keeps BEFORE UPDATE ON province
WHEN OLD.id IS NOT NEW.id OR OLD.scheme IS NOT NEW.scheme OR OLD.code IS NOT NEW.code
BEGIN
    SELECT RAISE(ABORT, 'guard: province_stays: what identifies a row of province stays');
END
--;
CREATE TRIGGER province_no_replace BEFORE INSERT ON province
WHEN EXISTS (SELECT 1 FROM province WHERE id = NEW.id OR scheme = NEW.scheme AND code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'guard: province_append_only: this province is there already');
END
--;
-- Acts are told once; nobody rewrites what was done, or by whom.
CREATE TRIGGER act_no_update BEFORE UPDATE ON act
BEGIN
    SELECT RAISE(ABORT, 'guard: act_append_only: act is append-only');
END
--;
CREATE TRIGGER act_no_delete BEFORE DELETE ON act
BEGIN
    SELECT RAISE(ABORT, 'guard: act_append_only: act is append-only');
END
--;
-- A kept file stays noted under its hash; notes of the same file again are passed over.
CREATE TRIGGER stored_file_no_update BEFORE UPDATE ON stored_file
BEGIN
    SELECT RAISE(ABORT, 'guard: stored_file_append_only: stored_file is append-only');
END
--;
CREATE TRIGGER stored_file_no_delete BEFORE DELETE ON stored_file
BEGIN
    SELECT RAISE(ABORT, 'guard: stored_file_append_only: stored_file is append-only');
END
