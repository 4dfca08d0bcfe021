-- What a pull brought, and money of a payout that is none of ours, stay as they were told; somebody
-- says once that they have seen to such money.
CREATE TRIGGER card_pull_no_update BEFORE UPDATE ON card_pull BEGIN
    SELECT RAISE(ABORT, 'guard: card_pull_append_only: card_pull is append-only');
END
--;
CREATE TRIGGER card_pull_no_delete BEFORE DELETE ON card_pull BEGIN
    SELECT RAISE(ABORT, 'guard: card_pull_append_only: card_pull is append-only');
END
--;
CREATE TRIGGER card_pull_no_replace BEFORE INSERT ON card_pull
WHEN EXISTS (SELECT 1 FROM card_pull WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_pull_append_only: this row is there already');
END
--;
CREATE TRIGGER card_stray_kept BEFORE DELETE ON card_stray BEGIN
    SELECT RAISE(ABORT, 'guard: card_stray_kept: a row of card_stray stays as it was');
END
--;
CREATE TRIGGER card_stray_no_replace BEFORE INSERT ON card_stray
WHEN EXISTS (
    SELECT 1 FROM card_stray
    WHERE id = NEW.id OR movement = NEW.movement OR entry_id = NEW.entry_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: card_stray_kept: this row is there already');
END
--;
CREATE TRIGGER card_stray_frozen BEFORE UPDATE ON card_stray
WHEN
    (OLD.id, OLD.unit_id, OLD.fund_id, OLD.movement, OLD.kind, OLD.source, OLD.moved_on,
        OLD.amount, OLD.currency, OLD.settled, OLD.entry_id, OLD.payout_id, OLD.noted_at)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.fund_id, NEW.movement, NEW.kind, NEW.source, NEW.moved_on,
        NEW.amount, NEW.currency, NEW.settled, NEW.entry_id, NEW.payout_id, NEW.noted_at)
    OR OLD.seen_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: card_stray_kept: a row of card_stray stays as it was');
END
