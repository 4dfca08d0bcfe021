-- A month is closed with nothing in flight, stays as it was closed, and opens again by two people.
-- The guard of postings is that of the first release, and waits for whoever closes a month.
-- Rows are looked up by key even where a plan was made while the tables were small and is kept.
CREATE OR REPLACE FUNCTION guard_posting_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
    given record;
BEGIN
    -- A snapshot taken before a month was closed would not see that it is.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'guard: entries are booked in READ COMMITTED'
            USING ERRCODE = '23000', CONSTRAINT = 'posting_isolation';
    END IF;
    -- Nearly every entry lies in one fund and unit; its lines are one group, whole and balanced.
    PERFORM FROM fresh GROUP BY entry_id, lines, date, fund_id, unit_id
    HAVING sum(debit - credit) <> 0 OR count(*) <> lines LIMIT 1;
    IF FOUND THEN
        SELECT entry_id, fund_id, unit_id, sum(debit - credit) AS difference INTO bad
        FROM fresh GROUP BY entry_id, fund_id, unit_id HAVING sum(debit - credit) <> 0 LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'guard: entry % is out of balance by % in fund % of unit %',
                bad.entry_id, bad.difference, bad.fund_id, bad.unit_id
                USING ERRCODE = '23000', CONSTRAINT = 'posting_balanced';
        END IF;
        SELECT entry_id INTO bad FROM fresh GROUP BY entry_id
        HAVING count(*) <> max(lines) OR min(lines) <> max(lines) OR min(date) <> max(date)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'guard: entry % did not come with all its postings', bad.entry_id
                USING ERRCODE = '23000', CONSTRAINT = 'entry_complete';
        END IF;
    END IF;
    -- Each set of lines is whole by now, so its first line speaks for it. An entry that was there
    -- before has all its lines: another set of as many breaks the primary key, and a set that
    -- claims another number of lines is found here.
    SELECT entry_id INTO bad FROM fresh
    WHERE line = 1 AND NOT EXISTS (
        SELECT FROM entry
        WHERE entry.id = fresh.entry_id AND entry.lines = fresh.lines AND entry.date = fresh.date
        OFFSET 0
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: a posting of entry % did not come with it', bad.entry_id
            USING ERRCODE = '23000', CONSTRAINT = 'posting_with_entry';
    END IF;
    -- Whoever closes a month holds its lock alone, and so waits for all who book into it and have
    -- not committed; who comes later waits for the closer, and then reads that it is closed. Months
    -- before 2020 share one lock (fundsvc/periods/locks.py). One entry mostly touches one month.
    SELECT min(unit_id) AS unit_id, min(date) AS date,
        min(unit_id) = max(unit_id) AND min(date) = max(date) AS alone
    INTO given FROM fresh;
    IF given.alone THEN
        PERFORM pg_advisory_xact_lock_shared(given.unit_id::integer, greatest(
            extract(year FROM given.date) * 12 + extract(month FROM given.date), 24240
        )::integer);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(touched.unit_id, touched.month)
        FROM (
            SELECT DISTINCT days.unit_id::integer, greatest(
                extract(year FROM days.date) * 12 + extract(month FROM days.date), 24240
            )::integer AS month
            FROM (SELECT DISTINCT fresh.unit_id, fresh.date FROM fresh) AS days ORDER BY 1, 2
        ) AS touched;
    END IF;
    -- A later closed month closes the earlier ones with it: its opening balance rests on them.
    SELECT line.*, account.id AS account, fund.id AS fund, unit.id AS unit, closed.month
    INTO bad
    FROM (SELECT DISTINCT account_id, fund_id, unit_id, date FROM fresh) AS line
    LEFT JOIN account ON account.id = line.account_id
    LEFT JOIN fund ON fund.id = line.fund_id
    LEFT JOIN unit ON unit.id = line.unit_id
    LEFT JOIN LATERAL (
        SELECT date_trunc('month', line.date)::date AS month FROM period
        WHERE period.unit_id = line.unit_id AND period.state = 'closed'
            AND period.month >= date_trunc('month', line.date)::date
        LIMIT 1
    ) AS closed ON true
    WHERE account.id IS NULL OR fund.id IS NULL OR unit.id IS NULL OR closed.month IS NOT NULL
    LIMIT 1;
    IF FOUND AND bad.month IS NOT NULL THEN
        RAISE EXCEPTION 'guard: month % of unit % is closed', bad.month, bad.unit_id
            USING ERRCODE = '23000', CONSTRAINT = 'posting_open_period',
            DETAIL = bad.unit_id || ' ' || bad.month;
    ELSIF FOUND THEN
        RAISE EXCEPTION 'guard: there is no account %, fund % or unit %',
            bad.account_id, bad.fund_id, bad.unit_id
            USING ERRCODE = '23503', CONSTRAINT = 'posting_references';
    END IF;
    RETURN NULL;
END $$
--;
-- One month of a unit: its closing facts come with it, stay while it is closed, and it opens by a
-- reopening of its own that came after it was closed. Closing takes the lock that posters share.
CREATE FUNCTION guard_period() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    opens boolean;
BEGIN
    IF extract(day FROM NEW.month) <> 1 THEN
        RAISE EXCEPTION 'guard: a period is named by the first day of its month'
            USING ERRCODE = '23000', CONSTRAINT = 'period_month';
    END IF;
    IF NEW.state = 'closed' AND (NEW.closed_at IS NULL OR NEW.closing IS NULL) THEN
        RAISE EXCEPTION 'guard: a closed month says when it was closed and what stood then'
            USING ERRCODE = '23000', CONSTRAINT = 'period_closing';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.reopening_id IS NOT NULL THEN
            RAISE EXCEPTION 'guard: only a closed month is reopened'
                USING ERRCODE = '23000', CONSTRAINT = 'period_reopening';
        END IF;
    ELSE
        IF (NEW.id, NEW.unit_id, NEW.month) <> (OLD.id, OLD.unit_id, OLD.month) THEN
            RAISE EXCEPTION 'guard: a period stays that of its unit and month'
                USING ERRCODE = '23000', CONSTRAINT = 'period_stays';
        END IF;
        IF OLD.state = 'closed' AND (NEW.closed_at, NEW.closed_by, NEW.closing)
            IS DISTINCT FROM (OLD.closed_at, OLD.closed_by, OLD.closing) THEN
            RAISE EXCEPTION 'guard: month % of unit % stays as it was closed', OLD.month, OLD.unit_id
                USING ERRCODE = '23000', CONSTRAINT = 'period_frozen';
        END IF;
        opens := OLD.state = 'closed' AND NEW.state = 'open';
        IF NOT opens AND NEW.reopening_id IS DISTINCT FROM OLD.reopening_id
            OR opens AND NOT EXISTS (
                SELECT FROM reopening
                WHERE reopening.id = NEW.reopening_id AND reopening.unit_id = OLD.unit_id
                    AND reopening.id > coalesce(OLD.reopening_id, 0)
                    AND reopening.state = 'confirmed'
                    AND reopening.decided_by <> reopening.asked_by
                    AND OLD.month BETWEEN reopening.month AND reopening.last_month
                    AND reopening.decided_at >= OLD.closed_at
            ) THEN
            RAISE EXCEPTION 'guard: month % of unit % opens by a reopening of two people only',
                OLD.month, OLD.unit_id
                USING ERRCODE = '23000', CONSTRAINT = 'period_reopening';
        END IF;
    END IF;
    IF NEW.state = 'closed' THEN
        PERFORM pg_advisory_xact_lock(NEW.unit_id::integer, greatest(
            extract(year FROM NEW.month) * 12 + extract(month FROM NEW.month), 24240
        )::integer);
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER period_guard BEFORE INSERT OR UPDATE ON period
FOR EACH ROW EXECUTE FUNCTION guard_period()
--;
ALTER TABLE period ENABLE ALWAYS TRIGGER period_guard
--;
CREATE FUNCTION guard_period_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: % is kept', TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_kept';
END $$
--;
CREATE TRIGGER period_kept BEFORE DELETE OR TRUNCATE ON period
FOR EACH STATEMENT EXECUTE FUNCTION guard_period_kept()
--;
ALTER TABLE period ENABLE ALWAYS TRIGGER period_kept
--;
CREATE TRIGGER reopening_kept BEFORE DELETE OR TRUNCATE ON reopening
FOR EACH STATEMENT EXECUTE FUNCTION guard_period_kept()
--;
ALTER TABLE reopening ENABLE ALWAYS TRIGGER reopening_kept
--;
-- A reopening is asked for first and decided once; who confirms it is an approver.
CREATE FUNCTION guard_reopening() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'guard: a reopening is asked for before it is decided'
                USING ERRCODE = '23000', CONSTRAINT = 'reopening_asked';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.unit_id, NEW.month, NEW.reason, NEW.asked_by, NEW.asked_at)
        <> (OLD.id, OLD.unit_id, OLD.month, OLD.reason, OLD.asked_by, OLD.asked_at) THEN
        RAISE EXCEPTION 'guard: what was asked in reopening % stays', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'reopening_frozen';
    END IF;
    IF OLD.state <> 'asked' THEN
        RAISE EXCEPTION 'guard: reopening % was decided already', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'reopening_decided_once';
    END IF;
    IF NEW.state = 'confirmed' AND NOT EXISTS (
        SELECT FROM staff_user_role
        WHERE staff_user_role.user_id = NEW.decided_by AND staff_user_role.role = 'approver'
    ) THEN
        RAISE EXCEPTION 'guard: reopening % is confirmed by an approver only', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'reopening_by_approver';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER reopening_guard BEFORE INSERT OR UPDATE ON reopening
FOR EACH ROW EXECUTE FUNCTION guard_reopening()
--;
ALTER TABLE reopening ENABLE ALWAYS TRIGGER reopening_guard
