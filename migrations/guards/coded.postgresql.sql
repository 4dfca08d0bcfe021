-- A line that waits stays in the list until it ends, once; given ones have their donation.
CREATE FUNCTION guard_bank_coded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'guard: bank_coded_kept: a line that waited stays noted';
    END IF;
    IF OLD.state <> 'waiting' OR OLD.bank_line_id <> NEW.bank_line_id
        OR OLD.unit_id <> NEW.unit_id
    THEN
        RAISE EXCEPTION 'guard: bank_coded_kept: a line ends its waiting once';
    END IF;
    IF NEW.state = 'given'
        AND NOT EXISTS (SELECT 1 FROM bank_gift WHERE bank_line_id = NEW.bank_line_id)
    THEN
        RAISE EXCEPTION 'guard: bank_coded_given: there is no donation of this line';
    END IF;
    RETURN NEW;
END
$$
--;
CREATE TRIGGER bank_coded_kept BEFORE DELETE OR TRUNCATE ON bank_coded
FOR EACH STATEMENT EXECUTE FUNCTION guard_bank_coded()
--;
ALTER TABLE bank_coded ENABLE ALWAYS TRIGGER bank_coded_kept
--;
CREATE TRIGGER bank_coded_path BEFORE UPDATE ON bank_coded
FOR EACH ROW EXECUTE FUNCTION guard_bank_coded()
--;
ALTER TABLE bank_coded ENABLE ALWAYS TRIGGER bank_coded_path
