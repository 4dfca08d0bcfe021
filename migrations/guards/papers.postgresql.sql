-- A voucher gets its salt when it is posted, not before and never without; from then on nothing of
-- it changes (voucher_final). Without it nobody could tell what was sealed of its paper.
CREATE FUNCTION guard_voucher_salt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: voucher % has a salt from posting on, and only then', NEW.id
        USING ERRCODE = '23000', CONSTRAINT = 'voucher_salt';
END $$
--;
CREATE TRIGGER voucher_salt_begin BEFORE INSERT ON voucher FOR EACH ROW
WHEN (NEW.state = 'draft' AND NEW.salt IS NOT NULL)
EXECUTE FUNCTION guard_voucher_salt()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER voucher_salt_begin
--;
CREATE TRIGGER voucher_salt BEFORE UPDATE ON voucher FOR EACH ROW
WHEN (
    OLD.state NOT IN ('posted', 'discarded')
    AND CASE NEW.state WHEN 'posted' THEN NEW.salt IS NULL OR NEW.salt !~ '^[0-9a-f]{32}$'
        ELSE NEW.salt IS NOT NULL END
)
EXECUTE FUNCTION guard_voucher_salt()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER voucher_salt
