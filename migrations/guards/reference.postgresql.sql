-- Processes keep accounts, funds, units and provinces in memory as long as the mark stays. It is drawn
-- at random, not counted: a number that was rolled back would come again for another change.
CREATE FUNCTION guard_reference_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE reference_mark SET mark = gen_random_uuid()::text;
    RETURN NULL;
END $$
--;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['account', 'fund', 'unit', 'province'] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION guard_reference_changed()',
            name || '_changed', name
        );
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', name, name || '_changed');
    END LOOP;
END $$
--;
CREATE TRIGGER reference_mark_stays BEFORE DELETE OR TRUNCATE ON reference_mark
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE reference_mark ENABLE ALWAYS TRIGGER reference_mark_stays
