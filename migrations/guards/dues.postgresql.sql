-- Dues totals never change: what was wrong is reversed in the books and recorded anew.
-- The function is that of the journal's own guards.
CREATE TRIGGER dues_total_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dues_total
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE dues_total ENABLE ALWAYS TRIGGER dues_total_append_only
