-- A voucher gets its salt when it is posted, not before and never without; from then on nothing of
-- it changes (voucher_final). Without it nobody could tell what was sealed of its paper.
CREATE TRIGGER voucher_salt_begin BEFORE INSERT ON voucher
WHEN NEW.state = 'draft' AND NEW.salt IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_salt: a voucher has a salt from posting on');
END
--;
CREATE TRIGGER voucher_salt BEFORE UPDATE ON voucher
WHEN OLD.state NOT IN ('posted', 'discarded') AND CASE NEW.state WHEN 'posted' THEN
    NEW.salt IS NULL OR length(NEW.salt) <> 32 OR NEW.salt GLOB '*[^0-9a-f]*'
    ELSE NEW.salt IS NOT NULL END
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_salt: a voucher has a salt from posting on, and only then');
END
