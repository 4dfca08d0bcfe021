-- The voucher of a refund keeps the province of the donation that it gives back.
CREATE FUNCTION guard_donation_refund_province() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM donation_refund WHERE voucher_id = OLD.id) THEN
        RAISE EXCEPTION 'guard: donation_refund_province: this voucher gives a donation back'
            USING ERRCODE = '23000', CONSTRAINT = 'donation_refund_province';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER donation_refund_province BEFORE UPDATE ON voucher FOR EACH ROW
WHEN (OLD.province_id IS DISTINCT FROM NEW.province_id)
EXECUTE FUNCTION guard_donation_refund_province()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER donation_refund_province
