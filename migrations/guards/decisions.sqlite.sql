-- What was decided of a bank's lines stays as it was decided, on SQLite; it is undone once. It is
-- for the whole of its line. A payout may leave a line again when its arrival was taken back.
CREATE TRIGGER bank_decision_line BEFORE INSERT ON bank_decision
WHEN NOT EXISTS (
    SELECT 1 FROM bank_line
    WHERE id = NEW.bank_line_id AND bank_account_id = NEW.bank_account_id
    AND unit_id = NEW.unit_id AND credit - debit = NEW.amount
) OR NEW.undone_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_line: a decision is for the whole of its line');
END
--;
CREATE TRIGGER bank_decision_kept BEFORE DELETE ON bank_decision BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_kept: a decision stays as it was made');
END
--;
CREATE TRIGGER bank_decision_no_replace BEFORE INSERT ON bank_decision
WHEN EXISTS (
    SELECT 1 FROM bank_decision
    WHERE id = NEW.id OR key = NEW.key
    OR (bank_line_id = NEW.bank_line_id AND undone_at IS NULL)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_kept: a decision of this line stands');
END
--;
CREATE TRIGGER bank_decision_frozen BEFORE UPDATE ON bank_decision
WHEN OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL
    OR (OLD.id, OLD.bank_line_id, OLD.bank_account_id, OLD.unit_id, OLD.kind, OLD.amount, OLD.key,
        OLD.why, OLD.automatic, OLD.decided_at, OLD.entry_id, OLD.score, OLD.rule_id, OLD.note,
        OLD.decided_by)
    IS NOT
    (NEW.id, NEW.bank_line_id, NEW.bank_account_id, NEW.unit_id, NEW.kind, NEW.amount, NEW.key,
        NEW.why, NEW.automatic, NEW.decided_at, NEW.entry_id, NEW.score, NEW.rule_id, NEW.note,
        NEW.decided_by)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_kept: a decision is undone once, nothing else');
END
--;
CREATE TRIGGER bank_decision_part_no_update BEFORE UPDATE ON bank_decision_part BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_part_append_only: bank_decision_part is append-only');
END
--;
CREATE TRIGGER bank_decision_part_no_delete BEFORE DELETE ON bank_decision_part BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_part_append_only: bank_decision_part is append-only');
END
--;
CREATE TRIGGER bank_decision_part_no_replace BEFORE INSERT ON bank_decision_part
WHEN EXISTS (SELECT 1 FROM bank_decision_part WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_part_append_only: bank_decision_part is append-only');
END
--;
CREATE TRIGGER bank_note_no_update BEFORE UPDATE ON bank_note BEGIN
    SELECT RAISE(ABORT, 'guard: bank_note_append_only: bank_note is append-only');
END
--;
CREATE TRIGGER bank_note_no_delete BEFORE DELETE ON bank_note BEGIN
    SELECT RAISE(ABORT, 'guard: bank_note_append_only: bank_note is append-only');
END
--;
CREATE TRIGGER bank_note_no_replace BEFORE INSERT ON bank_note
WHEN EXISTS (SELECT 1 FROM bank_note WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_note_append_only: bank_note is append-only');
END
--;
DROP TRIGGER card_payout_frozen
--;
CREATE TRIGGER card_payout_frozen BEFORE UPDATE ON card_payout
WHEN
    (OLD.id, OLD.unit_id, OLD.payout, OLD.amount, OLD.currency, OLD.settled, OLD.sent_on,
        OLD.arrives_on, OLD.entry_id, OLD.noted_at)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.payout, NEW.amount, NEW.currency, NEW.settled, NEW.sent_on,
        NEW.arrives_on, NEW.entry_id, NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('sent>sent', 'sent>arrived', 'sent>failed')
    AND NOT (
        OLD.state = 'arrived' AND NEW.state = 'sent' AND NEW.bank_line_id IS NULL
        AND EXISTS (SELECT 1 FROM entry WHERE reverses_id = OLD.arrival_entry_id)
    )
BEGIN
    SELECT RAISE(ABORT, 'guard: card_payout_kept: a row of card_payout stays as it was');
END
