-- What the journal refuses on PostgreSQL. Each guard looks at a whole statement at once: foreign
-- keys and row triggers would cost more than the rows themselves when a million are booked.
-- An entry and its postings come in one statement; its guards run when both are there.
ALTER TABLE posting DROP CONSTRAINT fk_posting_entry_id_lines_date,
    DROP CONSTRAINT fk_posting_account_id, DROP CONSTRAINT fk_posting_fund_id,
    DROP CONSTRAINT fk_posting_unit_id
--;
ALTER TABLE entry DROP CONSTRAINT fk_entry_unit_id, DROP CONSTRAINT fk_entry_province_id,
    DROP CONSTRAINT fk_entry_reverses_id, DROP CONSTRAINT uq_entry_id_lines_date
--;
-- Rows are looked up by key even where a plan was made while the tables were small and is kept.
CREATE FUNCTION guard_posting_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
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
    SELECT given.*, account.id AS account, fund.id AS fund, unit.id AS unit, period.month INTO bad
    FROM (SELECT DISTINCT account_id, fund_id, unit_id, date FROM fresh) AS given
    LEFT JOIN account ON account.id = given.account_id
    LEFT JOIN fund ON fund.id = given.fund_id
    LEFT JOIN unit ON unit.id = given.unit_id
    LEFT JOIN period ON period.unit_id = given.unit_id AND period.state = 'closed'
        AND period.month = date_trunc('month', given.date)::date
    WHERE account.id IS NULL OR fund.id IS NULL OR unit.id IS NULL OR period.month IS NOT NULL
    LIMIT 1;
    IF FOUND AND bad.month IS NOT NULL THEN
        RAISE EXCEPTION 'guard: month % of unit % is closed', bad.month, bad.unit_id
            USING ERRCODE = '23000', CONSTRAINT = 'posting_open_period';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'guard: there is no account %, fund % or unit %',
            bad.account_id, bad.fund_id, bad.unit_id
            USING ERRCODE = '23503', CONSTRAINT = 'posting_references';
    END IF;
    RETURN NULL;
END $$
--;
CREATE TRIGGER posting_insert AFTER INSERT ON posting
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION guard_posting_insert()
--;
ALTER TABLE posting ENABLE ALWAYS TRIGGER posting_insert
--;
CREATE FUNCTION guard_entry_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    -- The postings' own guard holds that a set of lines is whole.
    SELECT id INTO bad FROM fresh
    WHERE NOT EXISTS (
        SELECT FROM posting
        WHERE posting.entry_id = fresh.id AND posting.line = 1
            AND posting.lines = fresh.lines AND posting.date = fresh.date
        OFFSET 0
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: entry % did not come with all its postings', bad.id
            USING ERRCODE = '23000', CONSTRAINT = 'entry_complete';
    END IF;
    SELECT given.* INTO bad
    FROM (SELECT DISTINCT unit_id, province_id FROM fresh) AS given
    WHERE NOT EXISTS (SELECT FROM unit WHERE unit.id = given.unit_id)
        OR province_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM province WHERE province.id = given.province_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: there is no unit % or province %', bad.unit_id, bad.province_id
            USING ERRCODE = '23503', CONSTRAINT = 'entry_references';
    END IF;
    SELECT fresh.reverses_id INTO bad FROM fresh
    WHERE reverses_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM entry WHERE entry.id = fresh.reverses_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: there is no entry % to reverse', bad.reverses_id
            USING ERRCODE = '23503', CONSTRAINT = 'entry_reverses';
    END IF;
    RETURN NULL;
END $$
--;
CREATE TRIGGER entry_insert AFTER INSERT ON entry
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION guard_entry_insert()
--;
ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_insert
--;
CREATE FUNCTION guard_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: % is append-only', TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$
--;
CREATE TRIGGER posting_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE posting ENABLE ALWAYS TRIGGER posting_append_only
--;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_append_only
