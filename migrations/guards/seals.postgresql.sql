-- Whoever books holds a shared lock from before an entry's number is drawn until the transaction
-- ends. The sealer never takes it: it reads the highest number and then waits, holding nothing, for
-- those who hold the lock at that moment. So every number below is settled, and nobody ever waits
-- for the sealer. The lock's two numbers stand in fundsvc/books/sealing.py too.
CREATE FUNCTION guard_entry_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(20110519, 1);
    RETURN NULL;
END $$
--;
CREATE TRIGGER entry_lock BEFORE INSERT ON entry
FOR EACH STATEMENT EXECUTE FUNCTION guard_entry_lock()
--;
ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_lock
--;
-- As before, and: a number that a seal has passed over cannot be used any more.
CREATE OR REPLACE FUNCTION guard_entry_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
    sealed bigint;
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
    SELECT last_entry INTO sealed FROM seal ORDER BY number DESC LIMIT 1;
    IF FOUND THEN
        SELECT min(id) AS id INTO bad FROM fresh;
        IF bad.id <= sealed THEN
            RAISE EXCEPTION 'guard: entry % lies before what is sealed', bad.id
                USING ERRCODE = '23000', CONSTRAINT = 'entry_unsealed';
        END IF;
    END IF;
    RETURN NULL;
END $$
--;
CREATE FUNCTION guard_seal_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before record;
BEGIN
    SELECT number, last_entry INTO before FROM seal WHERE number < NEW.number
    ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(before.number, 0) + 1
        OR NEW.first_entry <= coalesce(before.last_entry, 0) THEN
        RAISE EXCEPTION 'guard: seal % does not follow the one before it', NEW.number
            USING ERRCODE = '23000', CONSTRAINT = 'seal_follows';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER seal_follows BEFORE INSERT ON seal
FOR EACH ROW EXECUTE FUNCTION guard_seal_insert()
--;
ALTER TABLE seal ENABLE ALWAYS TRIGGER seal_follows
--;
CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE seal ENABLE ALWAYS TRIGGER seal_append_only
--;
-- What a leaf holds besides its entry comes before the seal, and stays.
CREATE FUNCTION guard_leaf_part() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.entry_id <= (SELECT last_entry FROM seal ORDER BY number DESC LIMIT 1) THEN
        RAISE EXCEPTION 'guard: entry % is sealed', NEW.entry_id
            USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_unsealed';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER entry_evidence_unsealed BEFORE INSERT ON entry_evidence
FOR EACH ROW EXECUTE FUNCTION guard_leaf_part()
--;
ALTER TABLE entry_evidence ENABLE ALWAYS TRIGGER entry_evidence_unsealed
--;
CREATE TRIGGER entry_evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry_evidence
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE entry_evidence ENABLE ALWAYS TRIGGER entry_evidence_append_only
--;
CREATE TRIGGER entry_donor_unsealed BEFORE INSERT ON entry_donor
FOR EACH ROW EXECUTE FUNCTION guard_leaf_part()
--;
ALTER TABLE entry_donor ENABLE ALWAYS TRIGGER entry_donor_unsealed
--;
CREATE TRIGGER entry_donor_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry_donor
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE entry_donor ENABLE ALWAYS TRIGGER entry_donor_append_only
--;
-- The sealer adds to roll-ups and never takes a row away.
DO $$
DECLARE
    span text;
    name text;
BEGIN
    FOREACH span IN ARRAY ARRAY['day', 'dekad', 'month', 'quarter', 'year'] LOOP
        FOREACH name IN ARRAY ARRAY['rollup_' || span, 'rollup_' || span || '_whole'] LOOP
            EXECUTE format(
                'CREATE TRIGGER %I BEFORE DELETE OR TRUNCATE ON %I
                FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()',
                name || '_stays', name
            );
            EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', name, name || '_stays');
        END LOOP;
    END LOOP;
END $$
