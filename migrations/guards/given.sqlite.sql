-- What a promise became stays, and says of page, amount and consent what promise and donation say.
CREATE TRIGGER pledge_donation_no_update BEFORE UPDATE ON pledge_donation BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_donation_append_only: pledge_donation is append-only');
END
--;
CREATE TRIGGER pledge_donation_no_delete BEFORE DELETE ON pledge_donation BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_donation_append_only: pledge_donation is append-only');
END
--;
CREATE TRIGGER pledge_donation_no_replace BEFORE INSERT ON pledge_donation
WHEN EXISTS (
    SELECT 1 FROM pledge_donation
    WHERE donation_id = NEW.donation_id OR origin = NEW.origin
)
BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_donation_append_only: this row is there already');
END
--;
CREATE TRIGGER pledge_donation_fits BEFORE INSERT ON pledge_donation
WHEN NOT EXISTS (
    SELECT 1 FROM pledge JOIN donation ON donation.id = NEW.donation_id
    WHERE pledge.id = NEW.pledge_id AND pledge.page_id = NEW.page_id
        AND pledge.may_be_named = NEW.may_be_named AND pledge.unit_id = donation.unit_id
        AND donation.amount = NEW.amount
)
BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_donation_fits: promise and donation say otherwise');
END
