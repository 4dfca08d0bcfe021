-- A refund by voucher stays as it was asked for; the vouchers of a donation that were not discarded
-- never come to more than it, and a voucher keeps to the amount, fund and unit it gives back.
CREATE TRIGGER donation_refund_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON donation_refund
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE donation_refund ENABLE ALWAYS TRIGGER donation_refund_append_only
--;
CREATE FUNCTION guard_donation_refund() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    given bigint;
BEGIN
    SELECT amount INTO given FROM donation WHERE id = NEW.donation_id FOR UPDATE;
    IF NOT EXISTS (
        SELECT FROM donation
        JOIN voucher ON voucher.unit_id = donation.unit_id AND voucher.fund_id = donation.fund_id
        WHERE donation.id = NEW.donation_id AND voucher.id = NEW.voucher_id
            AND donation.unit_id = NEW.unit_id AND donation.method <> 'card'
            AND voucher.state = 'draft' AND voucher.kind IN ('cash-out', 'bank-out')
            AND voucher.amount = NEW.amount
    ) THEN
        RAISE EXCEPTION 'guard: donation_refund_fits: the voucher does not give this back'
            USING ERRCODE = '23000', CONSTRAINT = 'donation_refund_fits';
    END IF;
    IF NEW.amount + (
        SELECT coalesce(sum(donation_refund.amount), 0) FROM donation_refund
        JOIN voucher ON voucher.id = donation_refund.voucher_id
        WHERE donation_refund.donation_id = NEW.donation_id AND voucher.state <> 'discarded'
    ) > given THEN
        RAISE EXCEPTION 'guard: donation_refund_within: more would go back than was given'
            USING ERRCODE = '23000', CONSTRAINT = 'donation_refund_within';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER donation_refund_fits BEFORE INSERT ON donation_refund
FOR EACH ROW EXECUTE FUNCTION guard_donation_refund()
--;
ALTER TABLE donation_refund ENABLE ALWAYS TRIGGER donation_refund_fits
--;
CREATE FUNCTION guard_donation_refund_voucher() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM donation_refund WHERE voucher_id = OLD.id) THEN
        RAISE EXCEPTION 'guard: donation_refund_voucher: this voucher gives a donation back'
            USING ERRCODE = '23000', CONSTRAINT = 'donation_refund_voucher';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER donation_refund_voucher BEFORE UPDATE ON voucher FOR EACH ROW
WHEN (
    (OLD.kind, OLD.unit_id, OLD.fund_id, OLD.amount)
    IS DISTINCT FROM (NEW.kind, NEW.unit_id, NEW.fund_id, NEW.amount)
)
EXECUTE FUNCTION guard_donation_refund_voucher()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER donation_refund_voucher
