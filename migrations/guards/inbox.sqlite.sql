-- What was pushed stays as it came and is never taken away; only what became of it changes.
-- A secret that was retired is never good again.
CREATE TRIGGER inbox_item_append_only BEFORE DELETE ON inbox_item
BEGIN
    SELECT RAISE(ABORT, 'guard: inbox_item_append_only: what was pushed is never taken away');
END
--;
CREATE TRIGGER inbox_item_no_replace BEFORE INSERT ON inbox_item
WHEN EXISTS (SELECT 1 FROM inbox_item WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: inbox_item_append_only: this item is there already');
END
--;
CREATE TRIGGER inbox_item_keeps BEFORE UPDATE ON inbox_item
WHEN (OLD.id, OLD.source, OLD.external_id, OLD.digest, OLD.body, OLD.received_at,
    OLD.contradicts_id) IS NOT (NEW.id, NEW.source, NEW.external_id, NEW.digest, NEW.body,
    NEW.received_at, NEW.contradicts_id)
BEGIN
    SELECT RAISE(ABORT, 'guard: inbox_item_keeps: what was pushed stays as it came');
END
--;
CREATE TRIGGER gateway_secret_retired BEFORE UPDATE ON gateway_secret
WHEN OLD.retired_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: gateway_secret_retired: a retired secret stays so');
END
