-- Payments never change: what was wrong is reversed in the books and recorded anew.
-- The function is that of the journal's own guards.
CREATE TRIGGER payment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE payment ENABLE ALWAYS TRIGGER payment_append_only
