-- What the bank's room refuses on SQLite: the bank's lines and files stay as they came, and an
-- account stays with its fund, unit and ledger account, for its lines are booked there.
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
