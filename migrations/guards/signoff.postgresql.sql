-- What was reconciled and signed stays, on PostgreSQL: no line of the bank comes into it, nothing is
-- booked on its account, and no decision of its lines is undone. What was held back may be decided
-- later. Whoever signs holds the bank account alone; all others share it before they look.
CREATE FUNCTION guard_bank_line_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM bank_account WHERE id IN (SELECT DISTINCT bank_account_id FROM fresh)
    FOR KEY SHARE;
    IF EXISTS (
        SELECT FROM (
            SELECT bank_account_id, min(booked_on) AS booked_on FROM fresh GROUP BY bank_account_id
        ) AS line
        JOIN bank_signoff ON bank_signoff.bank_account_id = line.bank_account_id
        WHERE state IN ('approved', 'reopening') AND line.booked_on < month + interval '1 month'
    ) THEN
        RAISE EXCEPTION 'guard: bank_line_signed: the month of this line is signed'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_line_signed';
    END IF;
    RETURN NULL;
END $$
--;
CREATE TRIGGER bank_line_signed AFTER INSERT ON bank_line
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION guard_bank_line_signed()
--;
ALTER TABLE bank_line ENABLE ALWAYS TRIGGER bank_line_signed
--;
CREATE FUNCTION guard_posting_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM bank_account WHERE account_id IN (SELECT DISTINCT account_id FROM fresh)
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT account_id, min(date) AS date FROM fresh GROUP BY account_id
        ) AS line
        JOIN bank_account ON bank_account.account_id = line.account_id
        JOIN bank_signoff ON bank_signoff.bank_account_id = bank_account.id
        WHERE state IN ('approved', 'reopening') AND line.date < month + interval '1 month'
    ) THEN
        RAISE EXCEPTION 'guard: posting_signed: the bank account is signed until after this day'
            USING ERRCODE = '23000', CONSTRAINT = 'posting_signed';
    END IF;
    RETURN NULL;
END $$
--;
CREATE TRIGGER posting_signed AFTER INSERT ON posting
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION guard_posting_signed()
--;
ALTER TABLE posting ENABLE ALWAYS TRIGGER posting_signed
--;
CREATE FUNCTION guard_bank_decision_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM bank_account WHERE id = NEW.bank_account_id FOR KEY SHARE;
    IF EXISTS (
        SELECT FROM bank_signoff
        JOIN bank_line ON bank_line.id = NEW.bank_line_id
        WHERE bank_signoff.bank_account_id = NEW.bank_account_id
            AND bank_signoff.state IN ('approved', 'reopening')
            AND bank_line.booked_on < bank_signoff.month + interval '1 month'
    ) THEN
        RAISE EXCEPTION 'guard: bank_decision_signed: the month of this line is signed'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_decision_signed';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER bank_decision_signed BEFORE UPDATE ON bank_decision FOR EACH ROW
WHEN (OLD.kind <> 'held') EXECUTE FUNCTION guard_bank_decision_signed()
--;
ALTER TABLE bank_decision ENABLE ALWAYS TRIGGER bank_decision_signed
--;
-- A reconciliation goes its way only: submitted, then decided by another person who is an approver,
-- then perhaps opened again by two people, the latest month first. What was submitted stays.
CREATE FUNCTION guard_bank_signoff() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF extract(day FROM NEW.month) <> 1 OR NOT EXISTS (
        SELECT FROM bank_account WHERE id = NEW.bank_account_id AND unit_id = NEW.unit_id
    ) THEN
        RAISE EXCEPTION 'guard: bank_signoff_place: it is a month of an account of its unit'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_signoff_place';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' OR NEW.pdf_sha256 IS NOT NULL THEN
            RAISE EXCEPTION 'guard: bank_signoff_way: it is submitted before it is decided'
                USING ERRCODE = '23000', CONSTRAINT = 'bank_signoff_way';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.bank_account_id, NEW.unit_id, NEW.month, NEW.bank_balance, NEW.book_balance,
        NEW.facts::text, NEW.submitted_by, NEW.submitted_at)
        IS DISTINCT FROM
        (OLD.id, OLD.bank_account_id, OLD.unit_id, OLD.month, OLD.bank_balance, OLD.book_balance,
        OLD.facts::text, OLD.submitted_by, OLD.submitted_at)
        OR OLD.decided_by IS NOT NULL AND (NEW.decided_by, NEW.decided_at, NEW.decided_why)
            IS DISTINCT FROM (OLD.decided_by, OLD.decided_at, OLD.decided_why)
        OR OLD.pdf_sha256 IS NOT NULL AND NEW.pdf_sha256 IS DISTINCT FROM OLD.pdf_sha256
        OR OLD.state = 'reopened' AND NEW.reopened_at IS DISTINCT FROM OLD.reopened_at
        OR NEW.state = 'reopened' AND (NEW.reopen_by, NEW.reopen_why)
            IS DISTINCT FROM (OLD.reopen_by, OLD.reopen_why) THEN
        RAISE EXCEPTION 'guard: bank_signoff_frozen: what was signed stays'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_signoff_frozen';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('submitted', 'approved'), ('submitted', 'refused'), ('submitted', 'withdrawn'),
        ('approved', 'reopening'), ('reopening', 'approved'), ('reopening', 'reopened')
    ) THEN
        RAISE EXCEPTION 'guard: bank_signoff_way: it goes its way only'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_signoff_way';
    END IF;
    IF NEW.state <> OLD.state AND (
        NEW.state IN ('approved', 'refused') AND OLD.state = 'submitted' AND NOT EXISTS (
            SELECT FROM staff_user_role WHERE user_id = NEW.decided_by AND role = 'approver'
        )
        OR NEW.state = 'reopened' AND NOT EXISTS (
            SELECT FROM staff_user_role WHERE user_id = NEW.reopened_by AND role = 'approver'
        )
    ) THEN
        RAISE EXCEPTION 'guard: bank_signoff_approver: an approver decides'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_signoff_approver';
    END IF;
    IF NEW.state = 'reopened' AND OLD.state = 'reopening' AND EXISTS (
        SELECT FROM bank_signoff AS later
        WHERE later.bank_account_id = NEW.bank_account_id AND later.month > NEW.month
            AND later.state IN ('approved', 'reopening')
    ) THEN
        RAISE EXCEPTION 'guard: bank_signoff_latest: a later month is signed'
            USING ERRCODE = '23000', CONSTRAINT = 'bank_signoff_latest';
    END IF;
    IF NEW.state = 'approved' AND OLD.state = 'submitted' THEN
        PERFORM FROM bank_account WHERE id = NEW.bank_account_id FOR UPDATE;
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER bank_signoff_guard BEFORE INSERT OR UPDATE ON bank_signoff
FOR EACH ROW EXECUTE FUNCTION guard_bank_signoff()
--;
ALTER TABLE bank_signoff ENABLE ALWAYS TRIGGER bank_signoff_guard
--;
CREATE FUNCTION guard_bank_signoff_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: bank_signoff_kept: a reconciliation is kept'
        USING ERRCODE = '23000', CONSTRAINT = 'bank_signoff_kept';
END $$
--;
CREATE TRIGGER bank_signoff_kept BEFORE DELETE OR TRUNCATE ON bank_signoff
FOR EACH STATEMENT EXECUTE FUNCTION guard_bank_signoff_kept()
--;
ALTER TABLE bank_signoff ENABLE ALWAYS TRIGGER bank_signoff_kept
