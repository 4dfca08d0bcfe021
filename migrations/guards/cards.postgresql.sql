-- What card payments refuse: what Stripe told and what was booked of it stays as it was, and nothing
-- is taken away. A refund may fail, a dispute be won or lost, a payout arrive or fail, each once; a
-- movement is paid out once. A line of the bank is one payout's, or a settlement's.
CREATE TRIGGER donation_return_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON donation_return
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE donation_return ENABLE ALWAYS TRIGGER donation_return_append_only
--;
CREATE TRIGGER card_payment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON card_payment
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE card_payment ENABLE ALWAYS TRIGGER card_payment_append_only
--;
CREATE FUNCTION guard_card_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: %_kept: a row of % stays as it was', TG_TABLE_NAME, TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_kept';
END $$
--;
CREATE TRIGGER card_refund_kept BEFORE DELETE OR TRUNCATE ON card_refund
FOR EACH STATEMENT EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_refund ENABLE ALWAYS TRIGGER card_refund_kept
--;
CREATE TRIGGER card_refund_frozen BEFORE UPDATE ON card_refund FOR EACH ROW
WHEN (
    (OLD.id, OLD.unit_id, OLD.payment_id, OLD.refund, OLD.amount, OLD.made_on, OLD.noted_at)
    IS DISTINCT FROM
    (NEW.id, NEW.unit_id, NEW.payment_id, NEW.refund, NEW.amount, NEW.made_on, NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('sent>sent', 'sent>failed')
)
EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_refund ENABLE ALWAYS TRIGGER card_refund_frozen
--;
CREATE TRIGGER card_dispute_kept BEFORE DELETE OR TRUNCATE ON card_dispute
FOR EACH STATEMENT EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_dispute ENABLE ALWAYS TRIGGER card_dispute_kept
--;
CREATE TRIGGER card_dispute_frozen BEFORE UPDATE ON card_dispute FOR EACH ROW
WHEN (
    (OLD.id, OLD.unit_id, OLD.payment_id, OLD.dispute, OLD.amount, OLD.reason, OLD.opened_on,
        OLD.noted_at)
    IS DISTINCT FROM
    (NEW.id, NEW.unit_id, NEW.payment_id, NEW.dispute, NEW.amount, NEW.reason, NEW.opened_on,
        NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('open>open', 'open>won', 'open>lost')
)
EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_dispute ENABLE ALWAYS TRIGGER card_dispute_frozen
--;
CREATE TRIGGER card_payout_kept BEFORE DELETE OR TRUNCATE ON card_payout
FOR EACH STATEMENT EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_payout ENABLE ALWAYS TRIGGER card_payout_kept
--;
CREATE TRIGGER card_payout_frozen BEFORE UPDATE ON card_payout FOR EACH ROW
WHEN (
    (OLD.id, OLD.unit_id, OLD.payout, OLD.amount, OLD.currency, OLD.settled, OLD.sent_on,
        OLD.arrives_on, OLD.entry_id, OLD.noted_at)
    IS DISTINCT FROM
    (NEW.id, NEW.unit_id, NEW.payout, NEW.amount, NEW.currency, NEW.settled, NEW.sent_on,
        NEW.arrives_on, NEW.entry_id, NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('sent>sent', 'sent>arrived', 'sent>failed')
)
EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_payout ENABLE ALWAYS TRIGGER card_payout_frozen
--;
CREATE TRIGGER card_movement_kept BEFORE DELETE OR TRUNCATE ON card_movement
FOR EACH STATEMENT EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_movement ENABLE ALWAYS TRIGGER card_movement_kept
--;
CREATE TRIGGER card_movement_frozen BEFORE UPDATE ON card_movement FOR EACH ROW
WHEN (
    (OLD.id, OLD.unit_id, OLD.fund_id, OLD.movement, OLD.kind, OLD.moved_on, OLD.amount, OLD.fee,
        OLD.currency, OLD.settled, OLD.settled_fee, OLD.rate, OLD.payment_id, OLD.entry_id,
        OLD.fee_entry_id)
    IS DISTINCT FROM
    (NEW.id, NEW.unit_id, NEW.fund_id, NEW.movement, NEW.kind, NEW.moved_on, NEW.amount, NEW.fee,
        NEW.currency, NEW.settled, NEW.settled_fee, NEW.rate, NEW.payment_id, NEW.entry_id,
        NEW.fee_entry_id)
    OR OLD.payout_id IS NOT NULL
)
EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_movement ENABLE ALWAYS TRIGGER card_movement_frozen
--;
CREATE FUNCTION guard_card_payout_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('bank-line:' || NEW.bank_line_id, 0));
    IF EXISTS (SELECT 1 FROM settlement_payment WHERE bank_line_id = NEW.bank_line_id)
        AND TG_TABLE_NAME = 'card_payout'
    OR EXISTS (SELECT 1 FROM card_payout WHERE bank_line_id = NEW.bank_line_id)
        AND TG_TABLE_NAME = 'settlement_payment'
    THEN
        RAISE EXCEPTION 'guard: card_payout_line: line % of the bank is taken', NEW.bank_line_id
            USING ERRCODE = '23000', CONSTRAINT = 'card_payout_line';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER card_payout_line BEFORE INSERT OR UPDATE ON card_payout FOR EACH ROW
WHEN (NEW.bank_line_id IS NOT NULL)
EXECUTE FUNCTION guard_card_payout_line()
--;
ALTER TABLE card_payout ENABLE ALWAYS TRIGGER card_payout_line
--;
CREATE TRIGGER settlement_payment_line BEFORE INSERT ON settlement_payment FOR EACH ROW
EXECUTE FUNCTION guard_card_payout_line()
--;
ALTER TABLE settlement_payment ENABLE ALWAYS TRIGGER settlement_payment_line
