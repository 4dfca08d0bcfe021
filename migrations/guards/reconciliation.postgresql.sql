-- What the bank's room refuses on PostgreSQL: the bank's lines and files stay as they came, and an
-- account stays with its fund, unit and ledger account, for its lines are booked there.
CREATE TRIGGER bank_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_line
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_line ENABLE ALWAYS TRIGGER bank_line_append_only
--;
CREATE TRIGGER bank_file_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_file
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_file ENABLE ALWAYS TRIGGER bank_file_append_only
--;
CREATE TRIGGER bank_account_append_only
BEFORE DELETE OR TRUNCATE OR UPDATE OF id, code, fund_id, unit_id, account_id ON bank_account
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_account ENABLE ALWAYS TRIGGER bank_account_append_only
