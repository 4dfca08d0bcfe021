-- What the inbox of messages refuses on PostgreSQL: a campaign and a message stay as they came.
-- One change is right: a message that waited for its campaign is booked.
CREATE TRIGGER campaign_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
CREATE TRIGGER sms_message_append_only BEFORE DELETE OR TRUNCATE ON sms_message
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE sms_message ENABLE ALWAYS TRIGGER sms_message_append_only
--;
CREATE FUNCTION guard_sms_message_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booked sms_message := OLD;
BEGIN
    IF OLD.status = 'unknown' AND NEW.status = 'booked' THEN
        booked.status := NEW.status;
        booked.amount := NEW.amount;
        booked.campaign_id := NEW.campaign_id;
        booked.why := NULL;
        IF booked IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'guard: message % of % stays as it came', OLD.request_id, OLD.operator
        USING ERRCODE = '23000', CONSTRAINT = 'sms_message_append_only';
END $$
--;
CREATE TRIGGER sms_message_update BEFORE UPDATE ON sms_message
FOR EACH ROW EXECUTE FUNCTION guard_sms_message_update()
--;
ALTER TABLE sms_message ENABLE ALWAYS TRIGGER sms_message_update
