-- What a line of the bank speaks of is there. One look at a whole statement, as the journal's guards
-- do it: four foreign keys of each line took twice as long as the line and its indexes. Lines are
-- never changed, and nothing that they speak of can be deleted or get another key.
ALTER TABLE bank_line DROP CONSTRAINT fk_bank_line_bank_account_id,
    DROP CONSTRAINT fk_bank_line_unit_id, DROP CONSTRAINT fk_bank_line_file_sha256,
    DROP CONSTRAINT fk_bank_line_entry_id
--;
CREATE FUNCTION guard_bank_line_references() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    SELECT given.* INTO bad
    FROM (SELECT DISTINCT bank_account_id, unit_id, file_sha256 FROM fresh) AS given
    WHERE NOT EXISTS (SELECT FROM bank_account WHERE bank_account.id = given.bank_account_id)
        OR NOT EXISTS (SELECT FROM unit WHERE unit.id = given.unit_id)
        OR NOT EXISTS (SELECT FROM stored_file WHERE stored_file.sha256 = given.file_sha256)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: there is no bank account %, unit % or file %',
            bad.bank_account_id, bad.unit_id, bad.file_sha256
            USING ERRCODE = '23503', CONSTRAINT = 'bank_line_references';
    END IF;
    SELECT entry_id INTO bad FROM fresh
    WHERE NOT EXISTS (SELECT FROM entry WHERE entry.id = fresh.entry_id OFFSET 0) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'guard: there is no entry % of this line', bad.entry_id
            USING ERRCODE = '23503', CONSTRAINT = 'bank_line_references';
    END IF;
    RETURN NULL;
END $$
--;
CREATE TRIGGER bank_line_references AFTER INSERT ON bank_line
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION guard_bank_line_references()
--;
ALTER TABLE bank_line ENABLE ALWAYS TRIGGER bank_line_references
