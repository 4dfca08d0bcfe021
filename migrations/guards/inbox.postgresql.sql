-- What was pushed stays as it came and is never taken away; only what became of it changes.
-- A secret that was retired is never good again.
CREATE TRIGGER inbox_item_append_only BEFORE DELETE OR TRUNCATE ON inbox_item
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE inbox_item ENABLE ALWAYS TRIGGER inbox_item_append_only
--;
CREATE FUNCTION guard_inbox_item_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: item % of the inbox stays as it came', OLD.id
        USING ERRCODE = '23000', CONSTRAINT = 'inbox_item_keeps';
END $$
--;
CREATE TRIGGER inbox_item_keeps BEFORE UPDATE ON inbox_item FOR EACH ROW
WHEN ((OLD.id, OLD.source, OLD.external_id, OLD.digest, OLD.body, OLD.received_at,
    OLD.contradicts_id) IS DISTINCT FROM (NEW.id, NEW.source, NEW.external_id, NEW.digest,
    NEW.body, NEW.received_at, NEW.contradicts_id))
EXECUTE FUNCTION guard_inbox_item_keeps()
--;
ALTER TABLE inbox_item ENABLE ALWAYS TRIGGER inbox_item_keeps
--;
CREATE FUNCTION guard_gateway_secret_retired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: secret % was retired and stays so', OLD.id
        USING ERRCODE = '23000', CONSTRAINT = 'gateway_secret_retired';
END $$
--;
CREATE TRIGGER gateway_secret_retired BEFORE UPDATE ON gateway_secret FOR EACH ROW
WHEN (OLD.retired_at IS NOT NULL)
EXECUTE FUNCTION guard_gateway_secret_retired()
--;
ALTER TABLE gateway_secret ENABLE ALWAYS TRIGGER gateway_secret_retired
