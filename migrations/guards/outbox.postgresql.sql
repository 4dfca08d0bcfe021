-- A letter is never taken away or reworded; what it says can only be forgotten, and what was sent
-- stays so.
CREATE TRIGGER letter_append_only BEFORE DELETE OR TRUNCATE ON letter
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE letter ENABLE ALWAYS TRIGGER letter_append_only
--;
CREATE FUNCTION guard_letter_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: letter % stays as it was put', OLD.id
        USING ERRCODE = '23000', CONSTRAINT = 'letter_keeps';
END $$
--;
CREATE TRIGGER letter_keeps BEFORE UPDATE ON letter FOR EACH ROW
WHEN ((OLD.id, OLD.key, OLD.kind, OLD.locale, OLD.attachments, OLD.made_at)
    IS DISTINCT FROM (NEW.id, NEW.key, NEW.kind, NEW.locale, NEW.attachments, NEW.made_at)
    OR (NEW.sealed IS NOT NULL AND NEW.sealed IS DISTINCT FROM OLD.sealed))
EXECUTE FUNCTION guard_letter_keeps()
--;
ALTER TABLE letter ENABLE ALWAYS TRIGGER letter_keeps
--;
CREATE FUNCTION guard_letter_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: letter % was sent and stays so', OLD.id
        USING ERRCODE = '23000', CONSTRAINT = 'letter_sent';
END $$
--;
CREATE TRIGGER letter_sent BEFORE UPDATE ON letter FOR EACH ROW
WHEN (OLD.state = 'sent' AND (OLD.state, OLD.sent_at, OLD.tries)
    IS DISTINCT FROM (NEW.state, NEW.sent_at, NEW.tries))
EXECUTE FUNCTION guard_letter_sent()
--;
ALTER TABLE letter ENABLE ALWAYS TRIGGER letter_sent
