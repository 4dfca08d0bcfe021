-- What gateways told of a bank's lines stays as it came, on PostgreSQL.
CREATE TRIGGER bank_notice_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_notice
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_notice ENABLE ALWAYS TRIGGER bank_notice_append_only
--;
CREATE TRIGGER bank_twin_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_twin
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_twin ENABLE ALWAYS TRIGGER bank_twin_append_only
--;
CREATE TRIGGER bank_gift_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_gift
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_gift ENABLE ALWAYS TRIGGER bank_gift_append_only
