-- What settlements refuse on SQLite: what rests on reported numbers keeps them; no two of an
-- operator and campaign share a day; what was booked, claimed and given up stays as it was.
-- INSERT OR REPLACE deletes without asking the delete triggers, so a row that is there already, by
-- any of its keys, is not inserted.
CREATE TRIGGER settlement_kept BEFORE DELETE ON settlement BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_kept: a settlement is never taken away');
END
--;
CREATE TRIGGER settlement_no_replace BEFORE INSERT ON settlement
WHEN EXISTS (SELECT 1 FROM settlement WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_kept: this settlement is there already');
END
--;
CREATE TRIGGER settlement_overlap BEFORE INSERT ON settlement
WHEN EXISTS (
    SELECT 1 FROM settlement
    WHERE operator = NEW.operator AND campaign_id = NEW.campaign_id
    AND period_from <= NEW.period_to AND NEW.period_from <= period_to
)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_overlap: a day is settled once');
END
--;
CREATE TRIGGER settlement_identity BEFORE UPDATE ON settlement
WHEN (NEW.id, NEW.unit_id, NEW.operator, NEW.campaign_id, NEW.period_from, NEW.period_to)
    IS NOT (OLD.id, OLD.unit_id, OLD.operator, OLD.campaign_id, OLD.period_from, OLD.period_to)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_frozen: a settlement keeps its identity');
END
--;
CREATE TRIGGER settlement_frozen BEFORE UPDATE ON settlement
WHEN (NEW.messages, NEW.gross, NEW.fee, NEW.net, NEW.paid_on, NEW.bank_reference, NEW.sha256,
        NEW.row)
    IS NOT (OLD.messages, OLD.gross, OLD.fee, OLD.net, OLD.paid_on, OLD.bank_reference,
        OLD.sha256, OLD.row)
    AND (
        EXISTS (SELECT 1 FROM settlement_entry WHERE settlement_id = OLD.id)
        OR EXISTS (SELECT 1 FROM settlement_loss WHERE settlement_id = OLD.id)
        OR EXISTS (SELECT 1 FROM claim WHERE settlement_id = OLD.id)
    )
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_frozen: something rests on these numbers');
END
--;
CREATE TRIGGER settlement_entry_no_update BEFORE UPDATE ON settlement_entry BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_entry_append_only: settlement_entry is append-only');
END
--;
CREATE TRIGGER settlement_entry_no_delete BEFORE DELETE ON settlement_entry BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_entry_append_only: settlement_entry is append-only');
END
--;
CREATE TRIGGER settlement_entry_no_replace BEFORE INSERT ON settlement_entry
WHEN EXISTS (SELECT 1 FROM settlement_entry WHERE id = NEW.id OR entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_entry_append_only: this row is there already');
END
--;
CREATE TRIGGER settlement_payment_no_update BEFORE UPDATE ON settlement_payment BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_payment_kept: a confirmed line stays as it is');
END
--;
CREATE TRIGGER settlement_payment_kept BEFORE DELETE ON settlement_payment
WHEN EXISTS (
    SELECT 1 FROM settlement_entry AS part
    WHERE part.settlement_id = OLD.settlement_id AND part.act = OLD.act
    AND NOT EXISTS (SELECT 1 FROM entry WHERE reverses_id = part.entry_id)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_payment_kept: its entries still stand');
END
--;
CREATE TRIGGER settlement_payment_no_replace BEFORE INSERT ON settlement_payment
WHEN EXISTS (SELECT 1 FROM settlement_payment WHERE bank_line_id = NEW.bank_line_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_payment_kept: a line serves one settlement');
END
--;
CREATE TRIGGER settlement_loss_kept BEFORE DELETE ON settlement_loss BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_loss_kept: a loss is never taken away');
END
--;
CREATE TRIGGER settlement_loss_begin BEFORE INSERT ON settlement_loss
WHEN NEW.state <> 'asked' OR EXISTS (SELECT 1 FROM settlement_loss WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_loss_path: a loss begins as asked for');
END
--;
CREATE TRIGGER settlement_loss_path BEFORE UPDATE ON settlement_loss
WHEN OLD.state || '>' || NEW.state NOT IN
    ('asked>approved', 'asked>refused', 'approved>reversed')
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_loss_path: a loss does not go this way');
END
--;
CREATE TRIGGER settlement_loss_frozen BEFORE UPDATE ON settlement_loss
WHEN (NEW.id, NEW.settlement_id, NEW.unit_id, NEW.about, NEW.messages, NEW.amount, NEW.reason,
        NEW.items, NEW.asked_by, NEW.asked_at)
    IS NOT (OLD.id, OLD.settlement_id, OLD.unit_id, OLD.about, OLD.messages, OLD.amount,
        OLD.reason, OLD.items, OLD.asked_by, OLD.asked_at)
    OR OLD.state = 'approved' AND (NEW.decided_by, NEW.decided_at, NEW.act)
        IS NOT (OLD.decided_by, OLD.decided_at, OLD.act)
BEGIN
    SELECT RAISE(ABORT, 'guard: settlement_loss_frozen: what was asked for stays');
END
--;
CREATE TRIGGER claim_kept BEFORE DELETE ON claim BEGIN
    SELECT RAISE(ABORT, 'guard: claim_kept: a claim is never taken away');
END
--;
CREATE TRIGGER claim_no_replace BEFORE INSERT ON claim
WHEN NEW.state <> 'open' OR EXISTS (SELECT 1 FROM claim WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: claim_kept: a claim begins open');
END
--;
CREATE TRIGGER claim_frozen BEFORE UPDATE ON claim
WHEN OLD.state <> 'open'
    OR (NEW.id, NEW.settlement_id, NEW.unit_id, NEW.about, NEW.number, NEW.made_on,
        NEW.messages, NEW.amount, NEW.facts, NEW.made_by, NEW.made_at)
    IS NOT (OLD.id, OLD.settlement_id, OLD.unit_id, OLD.about, OLD.number, OLD.made_on,
        OLD.messages, OLD.amount, OLD.facts, OLD.made_by, OLD.made_at)
BEGIN
    SELECT RAISE(ABORT, 'guard: claim_frozen: a claim stays as it was made');
END
