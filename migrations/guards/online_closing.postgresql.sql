-- What a pull brought, and money of a payout that is none of ours, stay as they were told; somebody
-- says once that they have seen to such money.
CREATE TRIGGER card_pull_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON card_pull
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE card_pull ENABLE ALWAYS TRIGGER card_pull_append_only
--;
CREATE TRIGGER card_stray_kept BEFORE DELETE OR TRUNCATE ON card_stray
FOR EACH STATEMENT EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_stray ENABLE ALWAYS TRIGGER card_stray_kept
--;
CREATE TRIGGER card_stray_frozen BEFORE UPDATE ON card_stray FOR EACH ROW
WHEN (
    (OLD.id, OLD.unit_id, OLD.fund_id, OLD.movement, OLD.kind, OLD.source, OLD.moved_on,
        OLD.amount, OLD.currency, OLD.settled, OLD.entry_id, OLD.payout_id, OLD.noted_at)
    IS DISTINCT FROM
    (NEW.id, NEW.unit_id, NEW.fund_id, NEW.movement, NEW.kind, NEW.source, NEW.moved_on,
        NEW.amount, NEW.currency, NEW.settled, NEW.entry_id, NEW.payout_id, NEW.noted_at)
    OR OLD.seen_at IS NOT NULL
)
EXECUTE FUNCTION guard_card_kept()
--;
ALTER TABLE card_stray ENABLE ALWAYS TRIGGER card_stray_frozen
