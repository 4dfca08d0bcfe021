-- What the journal refuses on SQLite. Foreign keys (deferred where an entry and its postings point
-- at each other) hold what belongs together; the last line of an entry checks the whole of it.
-- Nearly every entry has two lines; its check is one look-up.
CREATE TRIGGER posting_pair AFTER INSERT ON posting WHEN NEW.line = 2 AND NEW.lines = 2
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_balanced: an entry is out of balance in a fund and unit')
    WHERE NOT EXISTS (
        SELECT 1 FROM posting WHERE entry_id = NEW.entry_id AND line = 1
            AND fund_id = NEW.fund_id AND unit_id = NEW.unit_id
            AND debit - credit = NEW.credit - NEW.debit
    );
    SELECT RAISE(ABORT, 'guard: posting_open_period: the month of this unit is closed')
    WHERE EXISTS (
        SELECT 1 FROM period WHERE unit_id = NEW.unit_id
            AND month = substr(NEW.date, 1, 7) || '-01' AND state = 'closed'
    );
END
--;
CREATE TRIGGER posting_complete AFTER INSERT ON posting WHEN NEW.line = NEW.lines AND NEW.lines > 2
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_with_entry: the postings of an entry come in order, all at once')
    WHERE (SELECT count(*) FROM posting WHERE entry_id = NEW.entry_id) <> NEW.lines;
    SELECT RAISE(ABORT, 'guard: posting_balanced: an entry is out of balance in a fund and unit')
    WHERE EXISTS (
        SELECT 1 FROM posting WHERE entry_id = NEW.entry_id
        GROUP BY fund_id, unit_id HAVING sum(debit - credit) <> 0
    );
    SELECT RAISE(ABORT, 'guard: posting_open_period: the month of this unit is closed')
    WHERE EXISTS (
        SELECT 1 FROM posting JOIN period
            ON period.unit_id = posting.unit_id AND period.state = 'closed'
            AND period.month = substr(NEW.date, 1, 7) || '-01'
        WHERE posting.entry_id = NEW.entry_id
    );
END
--;
-- INSERT OR REPLACE deletes without asking the delete trigger, so an existing key is refused first.
-- (Replacing an entry by its source and external id would take its id from its postings, which
-- their foreign key refuses.)
CREATE TRIGGER posting_no_replace BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.entry_id AND line = NEW.line)
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_append_only: this line is there already');
END
--;
CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_append_only: this entry is there already');
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
--;
CREATE TRIGGER account_stays BEFORE DELETE ON account
BEGIN
    SELECT RAISE(ABORT, 'guard: account_append_only: account is append-only');
END
--;
CREATE TRIGGER fund_stays BEFORE DELETE ON fund
BEGIN
    SELECT RAISE(ABORT, 'guard: fund_append_only: fund is append-only');
END
--;
CREATE TRIGGER unit_stays BEFORE DELETE ON unit
BEGIN
    SELECT RAISE(ABORT, 'guard: unit_append_only: unit is append-only');
END
--;
CREATE TRIGGER province_stays BEFORE DELETE ON province
BEGIN
    SELECT RAISE(ABORT, 'guard: province_append_only: province is append-only');
END
