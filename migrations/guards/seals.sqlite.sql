-- SQLite has one writer: entries are committed in the order of their numbers, so a seal needs no
-- lock. A number that a seal has passed over (an import leaves out those of rows it does not book)
-- cannot be used any more; the trigger that looks at whole entries holds that too.
DROP TRIGGER posting_whole
--;
CREATE TRIGGER posting_whole AFTER INSERT ON posting
WHEN NEW.line = NEW.lines
    OR EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.entry_id AND line > NEW.line)
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_append_only: the lines of an entry come once, in order')
    WHERE NEW.line <> NEW.lines;
    SELECT RAISE(ABORT, 'guard: entry_unsealed: an entry lies before what is sealed')
    WHERE NEW.entry_id <= (SELECT last_entry FROM seal ORDER BY number DESC LIMIT 1);
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
-- What a leaf holds besides its entry comes before the seal, and stays.
CREATE TRIGGER seal_follows BEFORE INSERT ON seal
BEGIN
    SELECT RAISE(ABORT, 'guard: seal_follows: a seal does not follow the one before it')
    WHERE NEW.number <> coalesce((SELECT max(number) FROM seal), 0) + 1
        OR NEW.first_entry <= coalesce(
            (SELECT last_entry FROM seal ORDER BY number DESC LIMIT 1), 0
        );
END
--;
CREATE TRIGGER seal_no_update BEFORE UPDATE ON seal
BEGIN
    SELECT RAISE(ABORT, 'guard: seal_append_only: seal is append-only');
END
--;
CREATE TRIGGER seal_no_delete BEFORE DELETE ON seal
BEGIN
    SELECT RAISE(ABORT, 'guard: seal_append_only: seal is append-only');
END
--;
CREATE TRIGGER entry_evidence_no_update BEFORE UPDATE ON entry_evidence
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_evidence_append_only: entry_evidence is append-only');
END
--;
CREATE TRIGGER entry_evidence_no_delete BEFORE DELETE ON entry_evidence
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_evidence_append_only: entry_evidence is append-only');
END
--;
CREATE TRIGGER entry_donor_no_update BEFORE UPDATE ON entry_donor
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_donor_append_only: entry_donor is append-only');
END
--;
CREATE TRIGGER entry_donor_no_delete BEFORE DELETE ON entry_donor
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_donor_append_only: entry_donor is append-only');
END
--;
CREATE TRIGGER entry_evidence_unsealed BEFORE INSERT ON entry_evidence
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_evidence_unsealed: the entry is sealed')
    WHERE NEW.entry_id <= (SELECT last_entry FROM seal ORDER BY number DESC LIMIT 1);
    SELECT RAISE(ABORT, 'guard: entry_evidence_append_only: entry_evidence is append-only')
    WHERE EXISTS (SELECT 1 FROM entry_evidence WHERE entry_id = NEW.entry_id AND sha256 = NEW.sha256);
END
--;
CREATE TRIGGER entry_donor_unsealed BEFORE INSERT ON entry_donor
BEGIN
    SELECT RAISE(ABORT, 'guard: entry_donor_unsealed: the entry is sealed')
    WHERE NEW.entry_id <= (SELECT last_entry FROM seal ORDER BY number DESC LIMIT 1);
    SELECT RAISE(ABORT, 'guard: entry_donor_append_only: entry_donor is append-only')
    WHERE EXISTS (SELECT 1 FROM entry_donor WHERE entry_id = NEW.entry_id);
END
--;
CREATE TRIGGER rollup_day_stays BEFORE DELETE ON rollup_day
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_day_append_only: rollup_day is added to, never taken from');
END
--;
CREATE TRIGGER rollup_dekad_stays BEFORE DELETE ON rollup_dekad
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_dekad_append_only: rollup_dekad is added to, never taken from');
END
--;
CREATE TRIGGER rollup_month_stays BEFORE DELETE ON rollup_month
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_month_append_only: rollup_month is added to, never taken from');
END
--;
CREATE TRIGGER rollup_quarter_stays BEFORE DELETE ON rollup_quarter
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_quarter_append_only: rollup_quarter is added to, never taken from');
END
--;
CREATE TRIGGER rollup_year_stays BEFORE DELETE ON rollup_year
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_year_append_only: rollup_year is added to, never taken from');
END
--;
CREATE TRIGGER rollup_day_whole_stays BEFORE DELETE ON rollup_day_whole
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_day_whole_append_only: rollup_day_whole is added to, never taken from');
END
--;
CREATE TRIGGER rollup_dekad_whole_stays BEFORE DELETE ON rollup_dekad_whole
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_dekad_whole_append_only: rollup_dekad_whole is added to, never taken from');
END
--;
CREATE TRIGGER rollup_month_whole_stays BEFORE DELETE ON rollup_month_whole
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_month_whole_append_only: rollup_month_whole is added to, never taken from');
END
--;
CREATE TRIGGER rollup_quarter_whole_stays BEFORE DELETE ON rollup_quarter_whole
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_quarter_whole_append_only: rollup_quarter_whole is added to, never taken from');
END
--;
CREATE TRIGGER rollup_year_whole_stays BEFORE DELETE ON rollup_year_whole
BEGIN
    SELECT RAISE(ABORT, 'guard: rollup_year_whole_append_only: rollup_year_whole is added to, never taken from');
END
