-- A profile stays as it was kept, and is taken away once: what was read by it can be read again.
CREATE TRIGGER bank_profile_kept BEFORE DELETE ON bank_profile BEGIN
    SELECT RAISE(ABORT, 'guard: bank_profile_kept: a profile is taken away by a mark, never deleted');
END
--;
CREATE TRIGGER bank_profile_begin BEFORE INSERT ON bank_profile
WHEN NEW.removed_at IS NOT NULL
    OR EXISTS (
        SELECT 1 FROM bank_profile WHERE id = NEW.id
        OR (bank_account_id = NEW.bank_account_id AND number = NEW.number)
    )
    OR NOT EXISTS (
        SELECT 1 FROM bank_account WHERE id = NEW.bank_account_id AND unit_id = NEW.unit_id
    )
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_profile_kept: a profile is new, and of its account''s unit');
END
--;
CREATE TRIGGER bank_profile_frozen BEFORE UPDATE ON bank_profile
WHEN OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL
    OR (OLD.id, OLD.unit_id, OLD.bank_account_id, OLD.number, OLD.columns, OLD.amounts, OLD.days,
        OLD.sign, OLD.running, OLD.made_at, OLD.made_by)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.bank_account_id, NEW.number, NEW.columns, NEW.amounts, NEW.days,
        NEW.sign, NEW.running, NEW.made_at, NEW.made_by)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_profile_kept: a profile is taken away once, nothing else');
END
