-- A line that waits stays in the list until it ends, once; given ones have their donation.
CREATE TRIGGER bank_coded_kept BEFORE DELETE ON bank_coded BEGIN
    SELECT RAISE(ABORT, 'guard: bank_coded_kept: a line that waited stays noted');
END
--;
CREATE TRIGGER bank_coded_no_replace BEFORE INSERT ON bank_coded
WHEN EXISTS (SELECT 1 FROM bank_coded WHERE bank_line_id = NEW.bank_line_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_coded_kept: a line that waited stays noted');
END
--;
CREATE TRIGGER bank_coded_path BEFORE UPDATE ON bank_coded
WHEN OLD.state <> 'waiting' OR OLD.bank_line_id <> NEW.bank_line_id OR OLD.unit_id <> NEW.unit_id
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_coded_kept: a line ends its waiting once');
END
--;
CREATE TRIGGER bank_coded_given BEFORE UPDATE ON bank_coded
WHEN
    NEW.state = 'given'
    AND NOT EXISTS (SELECT 1 FROM bank_gift WHERE bank_line_id = NEW.bank_line_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_coded_given: there is no donation of this line');
END
