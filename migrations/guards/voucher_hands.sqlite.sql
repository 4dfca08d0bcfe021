-- Who made, changed or sent any version of a voucher does not approve it, and no voucher but a transfer
-- form books equity or lets funds and units owe each other.
-- The acts are never changed, so they tell of versions that the voucher itself no longer shows.
CREATE TRIGGER voucher_four_eyes AFTER UPDATE OF approver_id ON voucher
WHEN NEW.approver_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM act
    WHERE subject = 'voucher:' || NEW.id AND actor_id = NEW.approver_id
    AND kind IN ('voucher.create', 'voucher.edit', 'voucher.submit')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_four_eyes: whoever had a hand in a voucher does not approve it');
END
--;
CREATE TRIGGER voucher_by_hand AFTER UPDATE OF state ON voucher
WHEN NEW.state = 'posted' AND OLD.state <> 'posted' AND NEW.kind <> 'transfer' AND EXISTS (
    SELECT 1 FROM voucher_line JOIN account ON account.id = voucher_line.account_id
    WHERE voucher_line.voucher_id = NEW.id AND (
        account.type = 'equity'
        OR account.code LIKE '136%' AND voucher_line.debit > 0
        OR account.code LIKE '336%' AND voucher_line.credit > 0
    )
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_by_hand: only a transfer form books this');
END
