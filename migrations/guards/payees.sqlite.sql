-- A payment comes with its salt and keeps it (payment_append_only). Without it nobody could tell what
-- was sealed of its payee.
CREATE TRIGGER payment_salt BEFORE INSERT ON payment
WHEN NEW.salt IS NULL OR length(NEW.salt) <> 32 OR NEW.salt GLOB '*[^0-9a-f]*'
BEGIN
    SELECT RAISE(ABORT, 'guard: payment_salt: a payment comes with a salt');
END
