-- A month stays as it was closed, and opens again by two people. The guard of postings is that of
-- the seals; a later closed month closes the earlier ones with it, for its opening balance rests on
-- them.
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
            AND month >= substr(NEW.date, 1, 7) || '-01' AND state = 'closed'
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
            AND period.month >= substr(NEW.date, 1, 7) || '-01'
        WHERE posting.entry_id = NEW.entry_id
    );
END
--;
CREATE TRIGGER period_month BEFORE INSERT ON period
WHEN substr(NEW.month, 8) <> '-01'
BEGIN
    SELECT RAISE(ABORT, 'guard: period_month: a period is named by the first day of its month');
END
--;
-- INSERT OR REPLACE deletes without asking the delete trigger.
CREATE TRIGGER period_no_replace BEFORE INSERT ON period
WHEN EXISTS (
    SELECT 1 FROM period
    WHERE id = NEW.id OR (unit_id = NEW.unit_id AND month = NEW.month)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: period_no_replace: period_kept: a period is kept');
END
--;
CREATE TRIGGER period_closing BEFORE INSERT ON period
WHEN NEW.state = 'closed' AND (NEW.closed_at IS NULL OR NEW.closing IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'guard: period_closing: a closed month says when it was closed and what stood then');
END
--;
CREATE TRIGGER period_reopening_first BEFORE INSERT ON period
WHEN NEW.reopening_id IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: period_reopening_first: period_reopening: only a closed month is reopened');
END
--;
CREATE TRIGGER period_closing_again BEFORE UPDATE ON period
WHEN NEW.state = 'closed' AND (NEW.closed_at IS NULL OR NEW.closing IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'guard: period_closing_again: period_closing: a closed month says when it was closed and what stood then');
END
--;
CREATE TRIGGER period_stays BEFORE UPDATE ON period
WHEN (NEW.id, NEW.unit_id, NEW.month) <> (OLD.id, OLD.unit_id, OLD.month)
BEGIN
    SELECT RAISE(ABORT, 'guard: period_stays: a period stays that of its unit and month');
END
--;
CREATE TRIGGER period_frozen BEFORE UPDATE ON period
WHEN OLD.state = 'closed' AND (NEW.closed_at, NEW.closed_by, NEW.closing)
    IS NOT (OLD.closed_at, OLD.closed_by, OLD.closing)
BEGIN
    SELECT RAISE(ABORT, 'guard: period_frozen: a closed month stays as it was closed');
END
--;
CREATE TRIGGER period_reopening_named BEFORE UPDATE ON period
WHEN NEW.reopening_id IS NOT OLD.reopening_id
    AND NOT (OLD.state = 'closed' AND NEW.state = 'open')
BEGIN
    SELECT RAISE(ABORT, 'guard: period_reopening_named: period_reopening: only a closed month is reopened');
END
--;
CREATE TRIGGER period_reopening BEFORE UPDATE ON period
WHEN OLD.state = 'closed' AND NEW.state = 'open' AND NOT EXISTS (
    SELECT 1 FROM reopening
    WHERE reopening.id = NEW.reopening_id AND reopening.unit_id = OLD.unit_id
        AND reopening.id > coalesce(OLD.reopening_id, 0)
        AND reopening.state = 'confirmed' AND reopening.decided_by <> reopening.asked_by
        AND OLD.month BETWEEN reopening.month AND reopening.last_month
        AND reopening.decided_at >= OLD.closed_at
)
BEGIN
    SELECT RAISE(ABORT, 'guard: period_reopening: a month opens by a reopening of two people only');
END
--;
CREATE TRIGGER period_kept BEFORE DELETE ON period
BEGIN
    SELECT RAISE(ABORT, 'guard: period_kept: a period is kept');
END
--;
CREATE TRIGGER reopening_kept BEFORE DELETE ON reopening
BEGIN
    SELECT RAISE(ABORT, 'guard: reopening_kept: a reopening is kept');
END
--;
CREATE TRIGGER reopening_no_replace BEFORE INSERT ON reopening
WHEN EXISTS (
    SELECT 1 FROM reopening
    WHERE id = NEW.id OR (unit_id = NEW.unit_id AND state = 'asked' AND NEW.state = 'asked')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: reopening_no_replace: reopening_kept: a reopening is kept');
END
--;
CREATE TRIGGER reopening_asked BEFORE INSERT ON reopening
WHEN NEW.state <> 'asked'
BEGIN
    SELECT RAISE(ABORT, 'guard: reopening_asked: a reopening is asked for before it is decided');
END
--;
CREATE TRIGGER reopening_frozen BEFORE UPDATE ON reopening
WHEN (NEW.id, NEW.unit_id, NEW.month, NEW.reason, NEW.asked_by, NEW.asked_at)
    <> (OLD.id, OLD.unit_id, OLD.month, OLD.reason, OLD.asked_by, OLD.asked_at)
BEGIN
    SELECT RAISE(ABORT, 'guard: reopening_frozen: what was asked stays');
END
--;
CREATE TRIGGER reopening_decided_once BEFORE UPDATE ON reopening
WHEN OLD.state <> 'asked'
BEGIN
    SELECT RAISE(ABORT, 'guard: reopening_decided_once: a reopening is decided once');
END
--;
CREATE TRIGGER reopening_by_approver BEFORE UPDATE ON reopening
WHEN NEW.state = 'confirmed' AND NOT EXISTS (
    SELECT 1 FROM staff_user_role WHERE user_id = NEW.decided_by AND role = 'approver'
)
BEGIN
    SELECT RAISE(ABORT, 'guard: reopening_by_approver: a reopening is confirmed by an approver only');
END
