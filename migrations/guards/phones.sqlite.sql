-- A message stays as it came, its sealed number too; it may only be booked when its campaign is there.
CREATE TRIGGER sms_message_update BEFORE UPDATE ON sms_message
WHEN NOT (OLD.status = 'unknown' AND NEW.status = 'booked' AND NEW.why IS NULL
    AND (OLD.operator, OLD.request_id, OLD.phone_hash, OLD.phone_sealed, OLD.short_code,
        OLD.message, OLD.received_at, OLD.received_on, OLD.file_id, OLD.row, OLD.stated,
        OLD.province_id)
    IS (NEW.operator, NEW.request_id, NEW.phone_hash, NEW.phone_sealed, NEW.short_code,
        NEW.message, NEW.received_at, NEW.received_on, NEW.file_id, NEW.row, NEW.stated,
        NEW.province_id))
BEGIN
    SELECT RAISE(ABORT, 'guard: sms_message_append_only: a message stays as it came');
END
--;
-- An agreed fee stays; a new one starts on a later day.
CREATE TRIGGER campaign_fee_no_update BEFORE UPDATE ON campaign_fee
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_fee_append_only: campaign_fee is append-only');
END
--;
CREATE TRIGGER campaign_fee_no_delete BEFORE DELETE ON campaign_fee
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_fee_append_only: campaign_fee is append-only');
END
--;
-- What a receipt is for never changes; its messages are freed once, when it is voided.
CREATE TRIGGER receipt_sms_no_delete BEFORE DELETE ON receipt_sms
BEGIN
    SELECT RAISE(ABORT, 'guard: receipt_sms_kept: a receipt keeps its messages');
END
--;
CREATE TRIGGER receipt_sms_update BEFORE UPDATE ON receipt_sms
WHEN (NEW.receipt_id, NEW.operator, NEW.request_id)
    IS NOT (OLD.receipt_id, OLD.operator, OLD.request_id)
    OR NOT (NEW.voided AND EXISTS (
        SELECT 1 FROM receipt WHERE id = OLD.receipt_id AND voided_at IS NOT NULL
    ))
BEGIN
    SELECT RAISE(ABORT, 'guard: receipt_sms_kept: a receipt keeps its messages until it is voided');
END
