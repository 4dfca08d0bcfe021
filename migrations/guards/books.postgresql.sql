-- What the journal refuses on PostgreSQL. Checks look at whole statements, so that a million
-- postings cost a few aggregates and not a million look-ups.
CREATE FUNCTION guard_posting_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found record;
BEGIN
    SELECT entry_id INTO found FROM fresh
    GROUP BY entry_id HAVING count(*) <> max(lines) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: entry % must come with all its postings at once', found.entry_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'posting_complete';
    END IF;
    SELECT entry_id, fund_id, unit_id, sum(debit - credit) AS difference INTO found FROM fresh
    GROUP BY entry_id, fund_id, unit_id HAVING sum(debit - credit) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: entry % is out of balance by % in fund % of unit %',
            found.entry_id, found.difference, found.fund_id, found.unit_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'posting_balanced';
    END IF;
    SELECT fresh.entry_id, period.month INTO found FROM fresh JOIN period
        ON period.unit_id = fresh.unit_id AND period.state = 'closed'
        AND period.month = date_trunc('month', fresh.date)::date
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: entry % falls in the closed month %', found.entry_id, found.month
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'posting_open_period';
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    found record;
BEGIN
    -- The entry and its postings come in one statement; the last posting stands for them all,
    -- because the postings' own guard wants them complete.
    SELECT id INTO found FROM fresh
    WHERE NOT EXISTS (
        SELECT FROM posting WHERE posting.entry_id = fresh.id AND posting.line = fresh.lines
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: entry % has no postings', found.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'entry_has_postings';
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
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
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
