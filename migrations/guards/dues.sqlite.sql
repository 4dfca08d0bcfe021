-- Dues totals never change: what was wrong is reversed in the books and recorded anew.
CREATE TRIGGER dues_total_no_update BEFORE UPDATE ON dues_total BEGIN
    SELECT RAISE(ABORT, 'guard: dues_total_append_only: dues_total is append-only');
END
--;
CREATE TRIGGER dues_total_no_delete BEFORE DELETE ON dues_total BEGIN
    SELECT RAISE(ABORT, 'guard: dues_total_append_only: dues_total is append-only');
END
--;
CREATE TRIGGER dues_total_no_replace BEFORE INSERT ON dues_total
WHEN EXISTS (
    SELECT 1 FROM dues_total WHERE id = NEW.id OR key = NEW.key OR entry_id = NEW.entry_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: dues_total_append_only: this row is there already');
END
