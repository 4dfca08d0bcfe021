-- A receipt of a span of dates is never taken away or changed; it is voided once, replaced once,
-- and gets its printed original once.
CREATE TRIGGER annual_receipt_append_only BEFORE DELETE OR TRUNCATE ON annual_receipt
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE annual_receipt ENABLE ALWAYS TRIGGER annual_receipt_append_only
--;
CREATE FUNCTION guard_annual_receipt_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: receipt % is frozen', OLD.number
        USING ERRCODE = '23000', CONSTRAINT = 'annual_receipt_frozen';
END $$
--;
CREATE TRIGGER annual_receipt_frozen BEFORE UPDATE ON annual_receipt FOR EACH ROW
WHEN ((NEW.id, NEW.number, NEW.year, NEW.serial, NEW.unit_id, NEW.donor_id, NEW.from_on, NEW.to_on,
    NEW.facts, NEW.code, NEW.issued_at, NEW.issued_by)
    IS DISTINCT FROM (OLD.id, OLD.number, OLD.year, OLD.serial, OLD.unit_id, OLD.donor_id,
    OLD.from_on, OLD.to_on, OLD.facts, OLD.code, OLD.issued_at, OLD.issued_by)
    OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at)
    OR (OLD.replaced_by_id IS NOT NULL AND NEW.replaced_by_id IS DISTINCT FROM OLD.replaced_by_id)
    OR (OLD.pdf_sha256 IS NOT NULL AND NEW.pdf_sha256 IS DISTINCT FROM OLD.pdf_sha256))
EXECUTE FUNCTION guard_annual_receipt_frozen()
--;
ALTER TABLE annual_receipt ENABLE ALWAYS TRIGGER annual_receipt_frozen
