-- Processes keep accounts, funds, units and provinces in memory as long as the mark stays. It is drawn
-- at random, not counted: a number that was rolled back would come again for another change.
CREATE TRIGGER reference_mark_stays BEFORE DELETE ON reference_mark
BEGIN
    SELECT RAISE(ABORT, 'guard: reference_mark_append_only: the mark changes and never goes');
END
--;
CREATE TRIGGER account_changed_by_insert AFTER INSERT ON account
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER account_changed_by_update AFTER UPDATE ON account
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER account_changed_by_delete AFTER DELETE ON account
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER fund_changed_by_insert AFTER INSERT ON fund
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER fund_changed_by_update AFTER UPDATE ON fund
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER fund_changed_by_delete AFTER DELETE ON fund
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER unit_changed_by_insert AFTER INSERT ON unit
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER unit_changed_by_update AFTER UPDATE ON unit
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER unit_changed_by_delete AFTER DELETE ON unit
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER province_changed_by_insert AFTER INSERT ON province
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER province_changed_by_update AFTER UPDATE ON province
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
--;
CREATE TRIGGER province_changed_by_delete AFTER DELETE ON province
BEGIN
    UPDATE reference_mark SET mark = hex(randomblob(16));
END
