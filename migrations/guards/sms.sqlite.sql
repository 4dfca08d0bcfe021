-- What the inbox of messages refuses on SQLite: a campaign and a message stay as they came.
-- One change is right: a message that waited for its campaign is booked.
CREATE TRIGGER campaign_no_update BEFORE UPDATE ON campaign
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_append_only: campaign is append-only');
END
--;
CREATE TRIGGER campaign_no_delete BEFORE DELETE ON campaign
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_append_only: campaign is append-only');
END
--;
CREATE TRIGGER sms_message_no_delete BEFORE DELETE ON sms_message
BEGIN
    SELECT RAISE(ABORT, 'guard: sms_message_append_only: sms_message is append-only');
END
--;
CREATE TRIGGER sms_message_update BEFORE UPDATE ON sms_message
WHEN NOT (OLD.status = 'unknown' AND NEW.status = 'booked' AND NEW.why IS NULL
    AND (OLD.operator, OLD.request_id, OLD.msisdn, OLD.short_code, OLD.message, OLD.received_at,
        OLD.received_on, OLD.file_id, OLD.row, OLD.stated, OLD.province_id)
    IS (NEW.operator, NEW.request_id, NEW.msisdn, NEW.short_code, NEW.message, NEW.received_at,
        NEW.received_on, NEW.file_id, NEW.row, NEW.stated, NEW.province_id))
BEGIN
    SELECT RAISE(ABORT, 'guard: sms_message_append_only: a message stays as it came');
END
