-- Donations never change. A receipt is never taken away, its facts never change; it may be voided
-- once, replaced once after that, and get its printed original once.
CREATE TRIGGER donation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON donation
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE donation ENABLE ALWAYS TRIGGER donation_append_only
--;
CREATE FUNCTION guard_receipt_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: a receipt is never taken away'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'receipt_kept';
END $$
--;
CREATE TRIGGER receipt_kept BEFORE DELETE OR TRUNCATE ON receipt
FOR EACH STATEMENT EXECUTE FUNCTION guard_receipt_kept()
--;
ALTER TABLE receipt ENABLE ALWAYS TRIGGER receipt_kept
--;
CREATE FUNCTION guard_receipt_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.number, NEW.series, NEW.year, NEW.serial, NEW.unit_id, NEW.donation_id,
        NEW.facts, NEW.code, NEW.issued_at, NEW.issued_by)
        IS DISTINCT FROM (OLD.id, OLD.number, OLD.series, OLD.year, OLD.serial, OLD.unit_id,
        OLD.donation_id, OLD.facts, OLD.code, OLD.issued_at, OLD.issued_by) THEN
        RAISE EXCEPTION 'guard: the facts of receipt % are frozen', OLD.number
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'receipt_frozen';
    END IF;
    IF OLD.voided_at IS NOT NULL AND (NEW.voided_at, NEW.void_reason, NEW.voided_by)
        IS DISTINCT FROM (OLD.voided_at, OLD.void_reason, OLD.voided_by) THEN
        RAISE EXCEPTION 'guard: receipt % was voided already', OLD.number
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'receipt_voided_once';
    END IF;
    IF OLD.replaced_by_id IS NOT NULL AND NEW.replaced_by_id IS DISTINCT FROM OLD.replaced_by_id THEN
        RAISE EXCEPTION 'guard: receipt % was replaced already', OLD.number
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'receipt_replaced_once';
    END IF;
    IF OLD.pdf_sha256 IS NOT NULL AND NEW.pdf_sha256 IS DISTINCT FROM OLD.pdf_sha256 THEN
        RAISE EXCEPTION 'guard: the original of receipt % is printed already', OLD.number
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'receipt_printed_once';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER receipt_update BEFORE UPDATE ON receipt
FOR EACH ROW EXECUTE FUNCTION guard_receipt_update()
--;
ALTER TABLE receipt ENABLE ALWAYS TRIGGER receipt_update
