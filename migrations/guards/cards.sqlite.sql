-- What card payments refuse: what Stripe told and what was booked of it stays as it was, and nothing
-- is taken away. A refund may fail, a dispute be won or lost, a payout arrive or fail, each once; a
-- movement is paid out once. A line of the bank is one payout's, or a settlement's.
CREATE TRIGGER donation_return_no_update BEFORE UPDATE ON donation_return BEGIN
    SELECT RAISE(ABORT, 'guard: donation_return_append_only: donation_return is append-only');
END
--;
CREATE TRIGGER donation_return_no_delete BEFORE DELETE ON donation_return BEGIN
    SELECT RAISE(ABORT, 'guard: donation_return_append_only: donation_return is append-only');
END
--;
CREATE TRIGGER card_payment_no_update BEFORE UPDATE ON card_payment BEGIN
    SELECT RAISE(ABORT, 'guard: card_payment_append_only: card_payment is append-only');
END
--;
CREATE TRIGGER card_payment_no_delete BEFORE DELETE ON card_payment BEGIN
    SELECT RAISE(ABORT, 'guard: card_payment_append_only: card_payment is append-only');
END
--;
CREATE TRIGGER donation_return_no_replace BEFORE INSERT ON donation_return
WHEN EXISTS (
    SELECT 1 FROM donation_return
    WHERE id = NEW.id OR entry_id = NEW.entry_id OR key = NEW.key
)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation_return_append_only: this row is there already');
END
--;
CREATE TRIGGER card_payment_no_replace BEFORE INSERT ON card_payment
WHEN EXISTS (
    SELECT 1 FROM card_payment
    WHERE id = NEW.id OR payment_intent = NEW.payment_intent OR charge = NEW.charge OR donation_id = NEW.donation_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_payment_append_only: this row is there already');
END
--;
CREATE TRIGGER card_refund_no_replace BEFORE INSERT ON card_refund
WHEN EXISTS (
    SELECT 1 FROM card_refund
    WHERE id = NEW.id OR refund = NEW.refund
)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_refund_kept: this row is there already');
END
--;
CREATE TRIGGER card_dispute_no_replace BEFORE INSERT ON card_dispute
WHEN EXISTS (
    SELECT 1 FROM card_dispute
    WHERE id = NEW.id OR dispute = NEW.dispute
)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_dispute_kept: this row is there already');
END
--;
CREATE TRIGGER card_payout_no_replace BEFORE INSERT ON card_payout
WHEN EXISTS (
    SELECT 1 FROM card_payout
    WHERE id = NEW.id OR payout = NEW.payout OR entry_id = NEW.entry_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_payout_kept: this row is there already');
END
--;
CREATE TRIGGER card_movement_no_replace BEFORE INSERT ON card_movement
WHEN EXISTS (
    SELECT 1 FROM card_movement
    WHERE id = NEW.id OR movement = NEW.movement OR entry_id = NEW.entry_id OR fee_entry_id = NEW.fee_entry_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_movement_kept: this row is there already');
END
--;
CREATE TRIGGER card_refund_kept BEFORE DELETE ON card_refund BEGIN
    SELECT RAISE(ABORT, 'guard: card_refund_kept: a row of card_refund stays as it was');
END
--;
CREATE TRIGGER card_refund_frozen BEFORE UPDATE ON card_refund
WHEN
    (OLD.id, OLD.unit_id, OLD.payment_id, OLD.refund, OLD.amount, OLD.made_on, OLD.noted_at)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.payment_id, NEW.refund, NEW.amount, NEW.made_on, NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('sent>sent', 'sent>failed')
BEGIN
    SELECT RAISE(ABORT, 'guard: card_refund_kept: a row of card_refund stays as it was');
END
--;
CREATE TRIGGER card_dispute_kept BEFORE DELETE ON card_dispute BEGIN
    SELECT RAISE(ABORT, 'guard: card_dispute_kept: a row of card_dispute stays as it was');
END
--;
CREATE TRIGGER card_dispute_frozen BEFORE UPDATE ON card_dispute
WHEN
    (OLD.id, OLD.unit_id, OLD.payment_id, OLD.dispute, OLD.amount, OLD.reason, OLD.opened_on,
        OLD.noted_at)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.payment_id, NEW.dispute, NEW.amount, NEW.reason, NEW.opened_on,
        NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('open>open', 'open>won', 'open>lost')
BEGIN
    SELECT RAISE(ABORT, 'guard: card_dispute_kept: a row of card_dispute stays as it was');
END
--;
CREATE TRIGGER card_payout_kept BEFORE DELETE ON card_payout BEGIN
    SELECT RAISE(ABORT, 'guard: card_payout_kept: a row of card_payout stays as it was');
END
--;
CREATE TRIGGER card_payout_frozen BEFORE UPDATE ON card_payout
WHEN
    (OLD.id, OLD.unit_id, OLD.payout, OLD.amount, OLD.currency, OLD.settled, OLD.sent_on,
        OLD.arrives_on, OLD.entry_id, OLD.noted_at)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.payout, NEW.amount, NEW.currency, NEW.settled, NEW.sent_on,
        NEW.arrives_on, NEW.entry_id, NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('sent>sent', 'sent>arrived', 'sent>failed')
BEGIN
    SELECT RAISE(ABORT, 'guard: card_payout_kept: a row of card_payout stays as it was');
END
--;
CREATE TRIGGER card_movement_kept BEFORE DELETE ON card_movement BEGIN
    SELECT RAISE(ABORT, 'guard: card_movement_kept: a row of card_movement stays as it was');
END
--;
CREATE TRIGGER card_movement_frozen BEFORE UPDATE ON card_movement
WHEN
    (OLD.id, OLD.unit_id, OLD.fund_id, OLD.movement, OLD.kind, OLD.moved_on, OLD.amount, OLD.fee,
        OLD.currency, OLD.settled, OLD.settled_fee, OLD.rate, OLD.payment_id, OLD.entry_id,
        OLD.fee_entry_id)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.fund_id, NEW.movement, NEW.kind, NEW.moved_on, NEW.amount, NEW.fee,
        NEW.currency, NEW.settled, NEW.settled_fee, NEW.rate, NEW.payment_id, NEW.entry_id,
        NEW.fee_entry_id)
    OR OLD.payout_id IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: card_movement_kept: a row of card_movement stays as it was');
END
--;
CREATE TRIGGER card_payout_line BEFORE UPDATE ON card_payout
WHEN NEW.bank_line_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM settlement_payment WHERE bank_line_id = NEW.bank_line_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_payout_line: this line of the bank is taken');
END
--;
CREATE TRIGGER settlement_payment_line BEFORE INSERT ON settlement_payment
WHEN EXISTS (SELECT 1 FROM card_payout WHERE bank_line_id = NEW.bank_line_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_payout_line: this line of the bank is taken');
END
