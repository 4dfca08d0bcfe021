-- A receipt of a span of dates is never taken away or changed; it is voided once, replaced once,
-- and gets its printed original once.
CREATE TRIGGER annual_receipt_append_only BEFORE DELETE ON annual_receipt
BEGIN
    SELECT RAISE(ABORT, 'guard: annual_receipt_append_only: a receipt is never taken away');
END
--;
CREATE TRIGGER annual_receipt_no_replace BEFORE INSERT ON annual_receipt
WHEN EXISTS (
    SELECT 1 FROM annual_receipt
    WHERE id = NEW.id OR number = NEW.number OR (year = NEW.year AND serial = NEW.serial)
    OR (donor_id = NEW.donor_id AND from_on = NEW.from_on AND to_on = NEW.to_on
        AND voided_at IS NULL AND NEW.voided_at IS NULL)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: annual_receipt_append_only: this receipt is there already');
END
--;
CREATE TRIGGER annual_receipt_frozen BEFORE UPDATE ON annual_receipt
WHEN (NEW.id, NEW.number, NEW.year, NEW.serial, NEW.unit_id, NEW.donor_id, NEW.from_on, NEW.to_on,
    NEW.facts, NEW.code, NEW.issued_at, NEW.issued_by)
    IS NOT (OLD.id, OLD.number, OLD.year, OLD.serial, OLD.unit_id, OLD.donor_id, OLD.from_on,
    OLD.to_on, OLD.facts, OLD.code, OLD.issued_at, OLD.issued_by)
    OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS NOT OLD.voided_at)
    OR (OLD.replaced_by_id IS NOT NULL AND NEW.replaced_by_id IS NOT OLD.replaced_by_id)
    OR (OLD.pdf_sha256 IS NOT NULL AND NEW.pdf_sha256 IS NOT OLD.pdf_sha256)
BEGIN
    SELECT RAISE(ABORT, 'guard: annual_receipt_frozen: a receipt never changes');
END
