-- A refund by voucher stays as it was asked for; the vouchers of a donation that were not discarded
-- never come to more than it, and a voucher keeps to the amount, fund and unit it gives back.
CREATE TRIGGER donation_refund_no_update BEFORE UPDATE ON donation_refund BEGIN
    SELECT RAISE(ABORT, 'guard: donation_refund_append_only: donation_refund is append-only');
END
--;
CREATE TRIGGER donation_refund_no_delete BEFORE DELETE ON donation_refund BEGIN
    SELECT RAISE(ABORT, 'guard: donation_refund_append_only: donation_refund is append-only');
END
--;
CREATE TRIGGER donation_refund_no_replace BEFORE INSERT ON donation_refund
WHEN EXISTS (SELECT 1 FROM donation_refund WHERE voucher_id = NEW.voucher_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation_refund_append_only: this row is there already');
END
--;
CREATE TRIGGER donation_refund_fits BEFORE INSERT ON donation_refund
WHEN NOT EXISTS (
    SELECT 1 FROM donation
    JOIN voucher ON voucher.unit_id = donation.unit_id AND voucher.fund_id = donation.fund_id
    WHERE donation.id = NEW.donation_id AND voucher.id = NEW.voucher_id
        AND donation.unit_id = NEW.unit_id AND donation.method <> 'card'
        AND voucher.state = 'draft' AND voucher.kind IN ('cash-out', 'bank-out')
        AND voucher.amount = NEW.amount
)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation_refund_fits: the voucher does not give this back');
END
--;
CREATE TRIGGER donation_refund_within BEFORE INSERT ON donation_refund
WHEN NEW.amount + (
    SELECT coalesce(sum(donation_refund.amount), 0) FROM donation_refund
    JOIN voucher ON voucher.id = donation_refund.voucher_id
    WHERE donation_refund.donation_id = NEW.donation_id AND voucher.state <> 'discarded'
) > (SELECT amount FROM donation WHERE id = NEW.donation_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation_refund_within: more would go back than was given');
END
--;
CREATE TRIGGER donation_refund_voucher BEFORE UPDATE OF kind, unit_id, fund_id, amount ON voucher
WHEN (OLD.kind, OLD.unit_id, OLD.fund_id, OLD.amount)
    IS NOT (NEW.kind, NEW.unit_id, NEW.fund_id, NEW.amount)
    AND EXISTS (SELECT 1 FROM donation_refund WHERE voucher_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation_refund_voucher: this voucher gives a donation back');
END
