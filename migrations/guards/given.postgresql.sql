-- What a promise became stays, and says of page, amount and consent what promise and donation say.
-- The first function is that of the journal's own guards.
CREATE TRIGGER pledge_donation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pledge_donation
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE pledge_donation ENABLE ALWAYS TRIGGER pledge_donation_append_only
--;
CREATE FUNCTION guard_pledge_donation_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pledge JOIN donation ON donation.id = NEW.donation_id
        WHERE pledge.id = NEW.pledge_id AND pledge.page_id = NEW.page_id
            AND pledge.may_be_named = NEW.may_be_named AND pledge.unit_id = donation.unit_id
            AND donation.amount = NEW.amount
    ) THEN
        RAISE EXCEPTION 'guard: promise and donation say otherwise than what they became'
            USING ERRCODE = '23000', CONSTRAINT = 'pledge_donation_fits';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER pledge_donation_fits BEFORE INSERT ON pledge_donation
FOR EACH ROW EXECUTE FUNCTION guard_pledge_donation_fits()
--;
ALTER TABLE pledge_donation ENABLE ALWAYS TRIGGER pledge_donation_fits
