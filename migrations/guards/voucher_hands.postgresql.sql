-- Who made, changed or sent any version of a voucher does not approve it, and no voucher but a transfer
-- form books equity or lets funds and units owe each other.
-- The acts are never changed, so they tell of versions that the voucher itself no longer shows.
CREATE FUNCTION guard_voucher_hands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.approver_id IS DISTINCT FROM OLD.approver_id AND EXISTS (
        SELECT FROM act
        WHERE subject = 'voucher:' || NEW.id AND actor_id = NEW.approver_id
        AND kind IN ('voucher.create', 'voucher.edit', 'voucher.submit')
    ) THEN
        RAISE EXCEPTION 'guard: whoever had a hand in voucher % does not approve it', NEW.id
            USING ERRCODE = '23000', CONSTRAINT = 'voucher_four_eyes';
    END IF;
    IF NEW.state = 'posted' AND OLD.state <> 'posted' AND NEW.kind <> 'transfer' AND EXISTS (
        SELECT FROM voucher_line JOIN account ON account.id = voucher_line.account_id
        WHERE voucher_line.voucher_id = NEW.id AND (
            account.type = 'equity'
            OR account.code LIKE '136%' AND voucher_line.debit > 0
            OR account.code LIKE '336%' AND voucher_line.credit > 0
        )
    ) THEN
        RAISE EXCEPTION 'guard: only a transfer form books what voucher % does', NEW.id
            USING ERRCODE = '23000', CONSTRAINT = 'voucher_by_hand';
    END IF;
    RETURN NULL;
END $$
--;
CREATE TRIGGER voucher_hands AFTER UPDATE ON voucher
FOR EACH ROW EXECUTE FUNCTION guard_voucher_hands()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER voucher_hands
