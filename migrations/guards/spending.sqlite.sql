-- Payments never change: what was wrong is reversed in the books and recorded anew.
CREATE TRIGGER payment_no_update BEFORE UPDATE ON payment BEGIN
    SELECT RAISE(ABORT, 'guard: payment_append_only: payment is append-only');
END
--;
CREATE TRIGGER payment_no_delete BEFORE DELETE ON payment BEGIN
    SELECT RAISE(ABORT, 'guard: payment_append_only: payment is append-only');
END
--;
CREATE TRIGGER payment_no_replace BEFORE INSERT ON payment
WHEN EXISTS (
    SELECT 1 FROM payment WHERE id = NEW.id OR key = NEW.key OR entry_id = NEW.entry_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: payment_append_only: this row is there already');
END
