-- What was reconciled and signed stays, on SQLite: no line of the bank comes into it, nothing is
-- booked on its account, and no decision of its lines is undone. What was held back may be decided
-- later.
CREATE TRIGGER bank_line_signed BEFORE INSERT ON bank_line
WHEN EXISTS (
    SELECT 1 FROM bank_signoff
    WHERE bank_account_id = NEW.bank_account_id AND state IN ('approved', 'reopening')
        AND month >= substr(NEW.booked_on, 1, 7) || '-01'
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_line_signed: the month of this line is signed');
END
--;
CREATE TRIGGER posting_signed BEFORE INSERT ON posting
WHEN EXISTS (
    SELECT 1 FROM bank_account JOIN bank_signoff ON bank_signoff.bank_account_id = bank_account.id
    WHERE bank_account.account_id = NEW.account_id AND state IN ('approved', 'reopening')
        AND month >= substr(NEW.date, 1, 7) || '-01'
)
BEGIN
    SELECT RAISE(ABORT, 'guard: posting_signed: the bank account is signed until after this day');
END
--;
CREATE TRIGGER bank_decision_signed BEFORE UPDATE ON bank_decision
WHEN OLD.kind <> 'held' AND EXISTS (
    SELECT 1 FROM bank_signoff JOIN bank_line ON bank_line.id = OLD.bank_line_id
    WHERE bank_signoff.bank_account_id = OLD.bank_account_id
        AND bank_signoff.state IN ('approved', 'reopening')
        AND bank_signoff.month >= substr(bank_line.booked_on, 1, 7) || '-01'
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_decision_signed: the month of this line is signed');
END
--;
-- A reconciliation goes its way only: submitted, then decided by another person who is an approver,
-- then perhaps opened again by two people, the latest month first. What was submitted stays.
CREATE TRIGGER bank_signoff_place BEFORE INSERT ON bank_signoff
WHEN substr(NEW.month, 8) <> '-01' OR NOT EXISTS (
    SELECT 1 FROM bank_account WHERE id = NEW.bank_account_id AND unit_id = NEW.unit_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_place: it is a month of an account of its unit');
END
--;
CREATE TRIGGER bank_signoff_first BEFORE INSERT ON bank_signoff
WHEN NEW.state <> 'submitted' OR NEW.pdf_sha256 IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_way: it is submitted before it is decided');
END
--;
-- INSERT OR REPLACE deletes without asking the delete trigger.
CREATE TRIGGER bank_signoff_no_replace BEFORE INSERT ON bank_signoff
WHEN EXISTS (
    SELECT 1 FROM bank_signoff
    WHERE id = NEW.id OR (bank_account_id = NEW.bank_account_id AND month = NEW.month
        AND state IN ('submitted', 'approved', 'reopening'))
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_kept: a reconciliation is kept');
END
--;
CREATE TRIGGER bank_signoff_frozen BEFORE UPDATE ON bank_signoff
WHEN (NEW.id, NEW.bank_account_id, NEW.unit_id, NEW.month, NEW.bank_balance, NEW.book_balance,
        NEW.facts, NEW.submitted_by, NEW.submitted_at)
    IS NOT
    (OLD.id, OLD.bank_account_id, OLD.unit_id, OLD.month, OLD.bank_balance, OLD.book_balance,
        OLD.facts, OLD.submitted_by, OLD.submitted_at)
    OR OLD.decided_by IS NOT NULL AND (NEW.decided_by, NEW.decided_at, NEW.decided_why)
        IS NOT (OLD.decided_by, OLD.decided_at, OLD.decided_why)
    OR OLD.pdf_sha256 IS NOT NULL AND NEW.pdf_sha256 IS NOT OLD.pdf_sha256
    OR OLD.state = 'reopened' AND NEW.reopened_at IS NOT OLD.reopened_at
    OR NEW.state = 'reopened' AND (NEW.reopen_by, NEW.reopen_why)
        IS NOT (OLD.reopen_by, OLD.reopen_why)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_frozen: what was signed stays');
END
--;
CREATE TRIGGER bank_signoff_way BEFORE UPDATE ON bank_signoff
WHEN NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state NOT IN (
    'submitted approved', 'submitted refused', 'submitted withdrawn',
    'approved reopening', 'reopening approved', 'reopening reopened'
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_way: it goes its way only');
END
--;
CREATE TRIGGER bank_signoff_approver BEFORE UPDATE ON bank_signoff
WHEN NEW.state <> OLD.state AND (
    NEW.state IN ('approved', 'refused') AND OLD.state = 'submitted' AND NOT EXISTS (
        SELECT 1 FROM staff_user_role WHERE user_id = NEW.decided_by AND role = 'approver'
    )
    OR NEW.state = 'reopened' AND NOT EXISTS (
        SELECT 1 FROM staff_user_role WHERE user_id = NEW.reopened_by AND role = 'approver'
    )
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_approver: an approver decides');
END
--;
CREATE TRIGGER bank_signoff_latest BEFORE UPDATE ON bank_signoff
WHEN NEW.state = 'reopened' AND OLD.state = 'reopening' AND EXISTS (
    SELECT 1 FROM bank_signoff AS later
    WHERE later.bank_account_id = NEW.bank_account_id AND later.month > NEW.month
        AND later.state IN ('approved', 'reopening')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_latest: a later month is signed');
END
--;
CREATE TRIGGER bank_signoff_kept BEFORE DELETE ON bank_signoff
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_signoff_kept: a reconciliation is kept');
END
