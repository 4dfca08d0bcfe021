-- A letter is never taken away or reworded; what it says can only be forgotten, and what was sent
-- stays so.
CREATE TRIGGER letter_append_only BEFORE DELETE ON letter
BEGIN
    SELECT RAISE(ABORT, 'guard: letter_append_only: a letter is never taken away');
END
--;
CREATE TRIGGER letter_no_replace BEFORE INSERT ON letter
WHEN EXISTS (SELECT 1 FROM letter WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: letter_append_only: this letter is there already');
END
--;
CREATE TRIGGER letter_keeps BEFORE UPDATE ON letter
WHEN (OLD.id, OLD.key, OLD.kind, OLD.locale, OLD.attachments, OLD.made_at)
    IS NOT (NEW.id, NEW.key, NEW.kind, NEW.locale, NEW.attachments, NEW.made_at)
    OR (NEW.sealed IS NOT NULL AND NEW.sealed IS NOT OLD.sealed)
BEGIN
    SELECT RAISE(ABORT, 'guard: letter_keeps: a letter stays as it was put');
END
--;
CREATE TRIGGER letter_sent BEFORE UPDATE ON letter
WHEN OLD.state = 'sent'
    AND (OLD.state, OLD.sent_at, OLD.tries) IS NOT (NEW.state, NEW.sent_at, NEW.tries)
BEGIN
    SELECT RAISE(ABORT, 'guard: letter_sent: what was sent stays so');
END
