-- A refund is asked for, then approved or refused by another person, then sent or not, each once.
CREATE TRIGGER refund_request_kept BEFORE DELETE OR TRUNCATE ON refund_request
FOR EACH STATEMENT EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE refund_request ENABLE ALWAYS TRIGGER refund_request_kept
--;
CREATE TRIGGER refund_request_path BEFORE UPDATE ON refund_request FOR EACH ROW
WHEN (
    (OLD.id, OLD.unit_id, OLD.payment_id, OLD.amount, OLD.reason,
        OLD.asked_by, OLD.asked_at)
    IS DISTINCT FROM
    (NEW.id, NEW.unit_id, NEW.payment_id, NEW.amount, NEW.reason,
        NEW.asked_by, NEW.asked_at)
    OR OLD.state || '>' || NEW.state NOT IN (
        'asked>approved', 'asked>refused', 'approved>sent', 'approved>failed'
    )
)
EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE refund_request ENABLE ALWAYS TRIGGER refund_request_path
--;
CREATE TRIGGER refund_request_begin BEFORE INSERT ON refund_request FOR EACH ROW
WHEN (NEW.state <> 'asked')
EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE refund_request ENABLE ALWAYS TRIGGER refund_request_begin
