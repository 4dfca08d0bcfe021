-- Marks come with their seal, four bytes for each of its entries, and stay.
CREATE FUNCTION guard_seal_marks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM seal WHERE number = NEW.number AND length(NEW.marks) = 4 * entries
            AND number = (SELECT max(number) FROM seal)
    ) THEN
        RAISE EXCEPTION 'guard: the marks are not those of the newest seal'
            USING ERRCODE = '23000', CONSTRAINT = 'seal_marks_fit';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER seal_marks_fit BEFORE INSERT ON seal_marks
FOR EACH ROW EXECUTE FUNCTION guard_seal_marks()
--;
ALTER TABLE seal_marks ENABLE ALWAYS TRIGGER seal_marks_fit
--;
CREATE TRIGGER seal_marks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal_marks
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE seal_marks ENABLE ALWAYS TRIGGER seal_marks_append_only
