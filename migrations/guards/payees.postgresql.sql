-- A payment comes with its salt and keeps it (payment_append_only). Without it nobody could tell what
-- was sealed of its payee.
CREATE FUNCTION guard_payment_salt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: payment_salt: a payment comes with a salt'
        USING ERRCODE = '23000', CONSTRAINT = 'payment_salt';
END $$
--;
CREATE TRIGGER payment_salt BEFORE INSERT ON payment FOR EACH ROW
WHEN (NEW.salt IS NULL OR NEW.salt !~ '^[0-9a-f]{32}$')
EXECUTE FUNCTION guard_payment_salt()
--;
ALTER TABLE payment ENABLE ALWAYS TRIGGER payment_salt
