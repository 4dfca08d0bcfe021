-- Marks come with their seal, four bytes for each of its entries, and stay.
CREATE TRIGGER seal_marks_fit BEFORE INSERT ON seal_marks
BEGIN
    SELECT RAISE(ABORT, 'guard: seal_marks_append_only: seal_marks is append-only')
    WHERE EXISTS (SELECT 1 FROM seal_marks WHERE number = NEW.number);
    SELECT RAISE(ABORT, 'guard: seal_marks_fit: the marks are not those of the newest seal')
    WHERE NOT EXISTS (
        SELECT 1 FROM seal WHERE number = NEW.number AND length(NEW.marks) = 4 * entries
            AND number = (SELECT max(number) FROM seal)
    );
END
--;
CREATE TRIGGER seal_marks_no_update BEFORE UPDATE ON seal_marks
BEGIN
    SELECT RAISE(ABORT, 'guard: seal_marks_append_only: seal_marks is append-only');
END
--;
CREATE TRIGGER seal_marks_no_delete BEFORE DELETE ON seal_marks
BEGIN
    SELECT RAISE(ABORT, 'guard: seal_marks_append_only: seal_marks is append-only');
END
