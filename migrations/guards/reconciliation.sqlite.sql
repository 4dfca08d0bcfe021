-- What the bank's room refuses on SQLite: the bank's lines and files stay as they came, and an
-- account stays with its fund, unit and ledger account, for its lines are booked there.
-- INSERT OR REPLACE deletes without asking the delete triggers, so a row that is there already,
-- by any of its keys, is not inserted.
CREATE TRIGGER bank_line_no_update BEFORE UPDATE ON bank_line BEGIN
    SELECT RAISE(ABORT, 'guard: bank_line_append_only: bank_line is append-only');
END
--;
CREATE TRIGGER bank_line_no_delete BEFORE DELETE ON bank_line BEGIN
    SELECT RAISE(ABORT, 'guard: bank_line_append_only: bank_line is append-only');
END
--;
CREATE TRIGGER bank_file_no_update BEFORE UPDATE ON bank_file BEGIN
    SELECT RAISE(ABORT, 'guard: bank_file_append_only: bank_file is append-only');
END
--;
CREATE TRIGGER bank_file_no_delete BEFORE DELETE ON bank_file BEGIN
    SELECT RAISE(ABORT, 'guard: bank_file_append_only: bank_file is append-only');
END
--;
CREATE TRIGGER bank_account_no_update BEFORE UPDATE OF id, code, fund_id, unit_id, account_id ON bank_account BEGIN
    SELECT RAISE(ABORT, 'guard: bank_account_append_only: bank_account is append-only');
END
--;
CREATE TRIGGER bank_account_no_delete BEFORE DELETE ON bank_account BEGIN
    SELECT RAISE(ABORT, 'guard: bank_account_append_only: bank_account is append-only');
END
--;
CREATE TRIGGER bank_line_no_replace BEFORE INSERT ON bank_line
WHEN EXISTS (
    SELECT 1 FROM bank_line
    WHERE id = NEW.id OR entry_id = NEW.entry_id
    OR (bank_account_id = NEW.bank_account_id AND fingerprint = NEW.fingerprint
        AND occurrence = NEW.occurrence)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_line_append_only: bank_line is append-only');
END
--;
CREATE TRIGGER bank_file_no_replace BEFORE INSERT ON bank_file
WHEN EXISTS (
    SELECT 1 FROM bank_file
    WHERE id = NEW.id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_file_append_only: bank_file is append-only');
END
--;
CREATE TRIGGER bank_account_no_replace BEFORE INSERT ON bank_account
WHEN EXISTS (
    SELECT 1 FROM bank_account
    WHERE id = NEW.id OR code = NEW.code OR account_id = NEW.account_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_account_append_only: bank_account is append-only');
END
