-- Donations never change. A receipt is never taken away, its facts never change; it may be voided
-- once, replaced once after that, and get its printed original once.
CREATE TRIGGER donation_no_update BEFORE UPDATE ON donation BEGIN
    SELECT RAISE(ABORT, 'guard: donation is append-only');
END
--;
CREATE TRIGGER donation_no_delete BEFORE DELETE ON donation BEGIN
    SELECT RAISE(ABORT, 'guard: donation is append-only');
END
--;
CREATE TRIGGER donation_no_replace BEFORE INSERT ON donation
WHEN EXISTS (
    SELECT 1 FROM donation
    WHERE id = NEW.id OR key = NEW.key OR entry_id = NEW.entry_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation is append-only');
END
--;
CREATE TRIGGER receipt_kept BEFORE DELETE ON receipt BEGIN
    SELECT RAISE(ABORT, 'guard: a receipt is never taken away');
END
--;
CREATE TRIGGER receipt_no_replace BEFORE INSERT ON receipt
WHEN EXISTS (
    SELECT 1 FROM receipt
    WHERE id = NEW.id OR number = NEW.number
    OR (series = NEW.series AND year = NEW.year AND serial = NEW.serial)
    OR (donation_id = NEW.donation_id AND voided_at IS NULL AND NEW.voided_at IS NULL)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: a receipt is never taken away');
END
--;
CREATE TRIGGER receipt_frozen BEFORE UPDATE ON receipt
WHEN (NEW.id, NEW.number, NEW.series, NEW.year, NEW.serial, NEW.unit_id, NEW.donation_id,
    NEW.facts, NEW.code, NEW.issued_at, NEW.issued_by)
    IS NOT (OLD.id, OLD.number, OLD.series, OLD.year, OLD.serial, OLD.unit_id, OLD.donation_id,
    OLD.facts, OLD.code, OLD.issued_at, OLD.issued_by)
BEGIN
    SELECT RAISE(ABORT, 'guard: the facts of a receipt are frozen');
END
--;
CREATE TRIGGER receipt_voided_once BEFORE UPDATE ON receipt
WHEN OLD.voided_at IS NOT NULL
AND (NEW.voided_at, NEW.void_reason, NEW.voided_by)
    IS NOT (OLD.voided_at, OLD.void_reason, OLD.voided_by)
BEGIN
    SELECT RAISE(ABORT, 'guard: the receipt was voided already');
END
--;
CREATE TRIGGER receipt_replaced_once BEFORE UPDATE ON receipt
WHEN OLD.replaced_by_id IS NOT NULL AND NEW.replaced_by_id IS NOT OLD.replaced_by_id
BEGIN
    SELECT RAISE(ABORT, 'guard: the receipt was replaced already');
END
--;
CREATE TRIGGER receipt_printed_once BEFORE UPDATE ON receipt
WHEN OLD.pdf_sha256 IS NOT NULL AND NEW.pdf_sha256 IS NOT OLD.pdf_sha256
BEGIN
    SELECT RAISE(ABORT, 'guard: the original of the receipt is printed already');
END
