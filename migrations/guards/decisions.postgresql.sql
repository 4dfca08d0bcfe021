-- What was decided of a bank's lines stays as it was decided, on PostgreSQL; it is undone once. It
-- is for the whole of its line. A payout may leave a line again when its arrival was taken back.
CREATE FUNCTION guard_bank_decision_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.undone_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM bank_line
        WHERE id = NEW.bank_line_id AND bank_account_id = NEW.bank_account_id
        AND unit_id = NEW.unit_id AND credit - debit = NEW.amount
    ) THEN
        RAISE EXCEPTION 'guard: bank_decision_line: a decision is for the whole of its line'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_decision_line';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER bank_decision_line BEFORE INSERT ON bank_decision
FOR EACH ROW EXECUTE FUNCTION guard_bank_decision_line()
--;
ALTER TABLE bank_decision ENABLE ALWAYS TRIGGER bank_decision_line
--;
CREATE FUNCTION guard_bank_decision_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: bank_decision_kept: a decision is undone once, nothing else'
        USING ERRCODE = '23000', CONSTRAINT = 'bank_decision_kept';
END $$
--;
CREATE TRIGGER bank_decision_kept BEFORE DELETE OR TRUNCATE ON bank_decision
FOR EACH STATEMENT EXECUTE FUNCTION guard_bank_decision_kept()
--;
ALTER TABLE bank_decision ENABLE ALWAYS TRIGGER bank_decision_kept
--;
CREATE TRIGGER bank_decision_frozen BEFORE UPDATE ON bank_decision FOR EACH ROW
WHEN (
    OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL
    OR (OLD.id, OLD.bank_line_id, OLD.bank_account_id, OLD.unit_id, OLD.kind, OLD.amount, OLD.key,
        OLD.why, OLD.automatic, OLD.decided_at, OLD.entry_id, OLD.score, OLD.rule_id, OLD.note,
        OLD.decided_by)
    IS DISTINCT FROM
    (NEW.id, NEW.bank_line_id, NEW.bank_account_id, NEW.unit_id, NEW.kind, NEW.amount, NEW.key,
        NEW.why, NEW.automatic, NEW.decided_at, NEW.entry_id, NEW.score, NEW.rule_id, NEW.note,
        NEW.decided_by)
)
EXECUTE FUNCTION guard_bank_decision_kept()
--;
ALTER TABLE bank_decision ENABLE ALWAYS TRIGGER bank_decision_frozen
--;
CREATE TRIGGER bank_decision_part_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
ON bank_decision_part FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_decision_part ENABLE ALWAYS TRIGGER bank_decision_part_append_only
--;
CREATE TRIGGER bank_note_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_note
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE bank_note ENABLE ALWAYS TRIGGER bank_note_append_only
--;
DROP TRIGGER card_payout_frozen ON card_payout
--;
CREATE FUNCTION guard_card_payout_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.unit_id, OLD.payout, OLD.amount, OLD.currency, OLD.settled, OLD.sent_on,
            OLD.arrives_on, OLD.entry_id, OLD.noted_at)
        IS DISTINCT FROM
        (NEW.id, NEW.unit_id, NEW.payout, NEW.amount, NEW.currency, NEW.settled, NEW.sent_on,
            NEW.arrives_on, NEW.entry_id, NEW.noted_at)
    OR OLD.state || '>' || NEW.state NOT IN ('sent>sent', 'sent>arrived', 'sent>failed')
        AND NOT (
            OLD.state = 'arrived' AND NEW.state = 'sent' AND NEW.bank_line_id IS NULL
            AND EXISTS (SELECT 1 FROM entry WHERE reverses_id = OLD.arrival_entry_id)
        )
    THEN
        RAISE EXCEPTION 'guard: card_payout_kept: a row of card_payout stays as it was'
            USING ERRCODE = '23000', CONSTRAINT = 'card_payout_kept';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER card_payout_frozen BEFORE UPDATE ON card_payout
FOR EACH ROW EXECUTE FUNCTION guard_card_payout_frozen()
--;
ALTER TABLE card_payout ENABLE ALWAYS TRIGGER card_payout_frozen
