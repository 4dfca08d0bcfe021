-- The voucher of a refund keeps the province of the donation that it gives back.
CREATE TRIGGER donation_refund_province BEFORE UPDATE OF province_id ON voucher
WHEN OLD.province_id IS NOT NEW.province_id
    AND EXISTS (SELECT 1 FROM donation_refund WHERE voucher_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation_refund_province: this voucher gives a donation back');
END
