-- A refund is asked for, then approved or refused by another person, then sent or not, each once.
CREATE TRIGGER refund_request_kept BEFORE DELETE ON refund_request BEGIN
    SELECT RAISE(ABORT, 'guard: refund_request_kept: a request stays as it was');
END
--;
CREATE TRIGGER refund_request_path BEFORE UPDATE ON refund_request
WHEN
    (OLD.id, OLD.unit_id, OLD.payment_id, OLD.amount, OLD.reason,
        OLD.asked_by, OLD.asked_at)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.payment_id, NEW.amount, NEW.reason,
        NEW.asked_by, NEW.asked_at)
    OR OLD.state || '>' || NEW.state NOT IN (
        'asked>approved', 'asked>refused', 'approved>sent', 'approved>failed'
    )
BEGIN
    SELECT RAISE(ABORT, 'guard: refund_request_kept: a request goes its way once');
END
--;
CREATE TRIGGER refund_request_begin BEFORE INSERT ON refund_request
WHEN NEW.state <> 'asked' OR EXISTS (SELECT 1 FROM refund_request WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: refund_request_kept: a request begins as asked for');
END
