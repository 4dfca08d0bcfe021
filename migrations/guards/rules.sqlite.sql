-- A rule stays as it was tested, and is switched off once; what it was used for is append-only.
CREATE TRIGGER match_rule_kept BEFORE DELETE ON match_rule BEGIN
    SELECT RAISE(ABORT, 'guard: match_rule_kept: a rule is switched off, never taken away');
END
--;
CREATE TRIGGER match_rule_begin BEFORE INSERT ON match_rule
WHEN NEW.off_at IS NOT NULL OR EXISTS (SELECT 1 FROM match_rule WHERE id = NEW.id OR key = NEW.key)
    OR NOT EXISTS (
        SELECT 1 FROM bank_account WHERE id = NEW.bank_account_id AND unit_id = NEW.unit_id
    )
BEGIN
    SELECT RAISE(ABORT, 'guard: match_rule_kept: a rule is new, on, and of its account''s unit');
END
--;
CREATE TRIGGER match_rule_frozen BEFORE UPDATE ON match_rule
WHEN OLD.off_at IS NOT NULL OR NEW.off_at IS NULL
    OR (OLD.id, OLD.unit_id, OLD.bank_account_id, OLD.key, OLD.facts, OLD.tested, OLD.made_at,
        OLD.made_by)
    IS NOT
    (NEW.id, NEW.unit_id, NEW.bank_account_id, NEW.key, NEW.facts, NEW.tested, NEW.made_at,
        NEW.made_by)
BEGIN
    SELECT RAISE(ABORT, 'guard: match_rule_kept: a rule is switched off once, nothing else');
END
--;
CREATE TRIGGER match_rule_use_no_update BEFORE UPDATE ON match_rule_use BEGIN
    SELECT RAISE(ABORT, 'guard: match_rule_use_append_only: match_rule_use is append-only');
END
--;
CREATE TRIGGER match_rule_use_no_delete BEFORE DELETE ON match_rule_use BEGIN
    SELECT RAISE(ABORT, 'guard: match_rule_use_append_only: match_rule_use is append-only');
END
--;
CREATE TRIGGER match_rule_use_no_replace BEFORE INSERT ON match_rule_use
WHEN EXISTS (
    SELECT 1 FROM match_rule_use WHERE rule_id = NEW.rule_id AND decision_id = NEW.decision_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: match_rule_use_append_only: match_rule_use is append-only');
END
