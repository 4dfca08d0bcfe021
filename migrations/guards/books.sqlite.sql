-- What the journal refuses on SQLite. Foreign keys hold what belongs together: the one from an
-- entry to its last posting is checked at COMMIT. The last line of an entry checks the whole of it
-- (nearly every entry has two lines; its check is one look-up). One trigger does all that, because
-- each one costs every row, its condition included.
-- INSERT OR REPLACE deletes without asking the delete trigger. An entry, and the last line of one,
-- are held by their foreign keys, which RESTRICT; another line by the lines that came after it.
CREATE TRIGGER posting_whole AFTER INSERT ON posting
WHEN NEW.line = NEW.lines
    OR EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.entry_id AND line > NEW.line)
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_append_only: the lines of an entry come once, in order')
    WHERE NEW.line <> NEW.lines;
    SELECT RAISE(ABORT, 'guard: posting_balanced: an entry is out of balance in a fund and unit')
    WHERE NEW.lines = 2 AND NOT EXISTS (
        SELECT 1 FROM posting WHERE entry_id = NEW.entry_id AND line = 1
            AND fund_id = NEW.fund_id AND unit_id = NEW.unit_id
            AND debit - credit = NEW.credit - NEW.debit
    );
    SELECT RAISE(ABORT, 'guard: posting_open_period: the month of this unit is closed')
    WHERE EXISTS (
        SELECT 1 FROM period WHERE unit_id = NEW.unit_id
            AND month = substr(NEW.date, 1, 7) || '-01' AND state = 'closed'
    );
    SELECT RAISE(ABORT, 'guard: posting_with_entry: the postings of an entry come in order, all at once')
    WHERE NEW.lines > 2
        AND (SELECT count(*) FROM posting WHERE entry_id = NEW.entry_id) <> NEW.lines;
    SELECT RAISE(ABORT, 'guard: posting_balanced: an entry is out of balance in a fund and unit')
    WHERE NEW.lines > 2 AND EXISTS (
        SELECT 1 FROM posting WHERE entry_id = NEW.entry_id
        GROUP BY fund_id, unit_id HAVING sum(debit - credit) <> 0
    );
    SELECT RAISE(ABORT, 'guard: posting_open_period: the month of this unit is closed')
    WHERE NEW.lines > 2 AND EXISTS (
        SELECT 1 FROM posting JOIN period
            ON period.unit_id = posting.unit_id AND period.state = 'closed'
            AND period.month = substr(NEW.date, 1, 7) || '-01'
        WHERE posting.entry_id = NEW.entry_id
    );
END
--;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_append_only: posting is append-only');
END
--;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_append_only: posting is append-only');
END
--;
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_append_only: entry is append-only');
END
--;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_append_only: entry is append-only');
END
