-- The guard of messages compares whole rows, so it holds sealed numbers as it held bare ones.
-- An agreed fee stays; a new one starts on a later day.
CREATE TRIGGER campaign_fee_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_fee
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE campaign_fee ENABLE ALWAYS TRIGGER campaign_fee_append_only
--;
-- What a receipt is for never changes; its messages are freed once, when it is voided.
CREATE FUNCTION guard_receipt_sms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.voided AND (NEW.receipt_id, NEW.operator, NEW.request_id)
        = (OLD.receipt_id, OLD.operator, OLD.request_id)
        AND EXISTS (SELECT 1 FROM receipt WHERE id = OLD.receipt_id AND voided_at IS NOT NULL) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'guard: a receipt keeps its messages until it is voided'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'receipt_sms_kept';
END $$
--;
CREATE TRIGGER receipt_sms_update BEFORE UPDATE OR DELETE ON receipt_sms
FOR EACH ROW EXECUTE FUNCTION guard_receipt_sms()
--;
CREATE TRIGGER receipt_sms_truncate BEFORE TRUNCATE ON receipt_sms
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE receipt_sms ENABLE ALWAYS TRIGGER receipt_sms_update
--;
ALTER TABLE receipt_sms ENABLE ALWAYS TRIGGER receipt_sms_truncate
