-- A voucher is never taken away. It begins as a draft and goes its way step by step; what was sent
-- for approval is what is approved and posted; posted or discarded, it and all it has stay.
-- INSERT OR REPLACE deletes without asking the delete triggers, so a row that is there already, by
-- any of its keys, is not inserted.
CREATE TRIGGER voucher_kept BEFORE DELETE ON voucher BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_kept: a voucher is never taken away');
END
--;
CREATE TRIGGER voucher_template_kept BEFORE DELETE ON voucher_template BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_template_kept: a template is never taken away');
END
--;
CREATE TRIGGER voucher_no_replace BEFORE INSERT ON voucher
WHEN EXISTS (
    SELECT 1 FROM voucher
    WHERE id = NEW.id OR key = NEW.key OR number = NEW.number OR entry_id = NEW.entry_id
    OR (series = NEW.series AND year = NEW.year AND serial = NEW.serial)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_kept: this voucher is there already');
END
--;
CREATE TRIGGER voucher_begin BEFORE INSERT ON voucher WHEN NEW.state <> 'draft' BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_path: a voucher begins as a draft');
END
--;
CREATE TRIGGER voucher_final BEFORE UPDATE ON voucher
WHEN OLD.state IN ('posted', 'discarded')
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_final: nothing of this voucher changes any more');
END
--;
CREATE TRIGGER voucher_path BEFORE UPDATE ON voucher
WHEN NEW.state <> OLD.state AND OLD.state NOT IN ('posted', 'discarded')
    AND OLD.state || '>' || NEW.state NOT IN (
        'draft>submitted', 'draft>discarded', 'submitted>draft', 'submitted>approved',
        'approved>draft', 'approved>posted'
    )
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_path: a voucher does not go this way');
END
--;
CREATE TRIGGER voucher_frozen BEFORE UPDATE ON voucher
WHEN OLD.state NOT IN ('posted', 'discarded') AND (
    NEW.version < OLD.version OR (NEW.id, NEW.key) IS NOT (OLD.id, OLD.key)
    OR OLD.state <> 'draft' AND (
        NEW.unit_id, NEW.kind, NEW.date, NEW.fund_id, NEW.amount, NEW.party, NEW.party_address,
        NEW.description, NEW.enclosed, NEW.province_id, NEW.till, NEW.resolution,
        NEW.resolution_on, NEW.to_fund_id, NEW.to_unit_id, NEW.to_till, NEW.maker_id,
        NEW.made_at, NEW.template_id
    ) IS NOT (
        OLD.unit_id, OLD.kind, OLD.date, OLD.fund_id, OLD.amount, OLD.party, OLD.party_address,
        OLD.description, OLD.enclosed, OLD.province_id, OLD.till, OLD.resolution,
        OLD.resolution_on, OLD.to_fund_id, OLD.to_unit_id, OLD.to_till, OLD.maker_id,
        OLD.made_at, OLD.template_id
    )
    OR OLD.state <> 'draft' AND NEW.state <> 'draft'
        AND (NEW.submitted_by, NEW.submitted_at) IS NOT (OLD.submitted_by, OLD.submitted_at)
    OR OLD.state = 'approved' AND NEW.state <> 'draft'
        AND (NEW.approver_id, NEW.approved_at) IS NOT (OLD.approver_id, OLD.approved_at)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_frozen: the facts of this voucher are frozen');
END
--;
CREATE TRIGGER voucher_line_no_insert BEFORE INSERT ON voucher_line
WHEN EXISTS (
    SELECT 1 FROM voucher WHERE id IN (NEW.voucher_id) AND state NOT IN ('draft')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_line_frozen: this voucher is no draft any more');
END
--;
CREATE TRIGGER voucher_line_no_update BEFORE UPDATE ON voucher_line
WHEN EXISTS (
    SELECT 1 FROM voucher WHERE id IN (OLD.voucher_id, NEW.voucher_id) AND state NOT IN ('draft')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_line_frozen: this voucher is no draft any more');
END
--;
CREATE TRIGGER voucher_line_no_delete BEFORE DELETE ON voucher_line
WHEN EXISTS (
    SELECT 1 FROM voucher WHERE id IN (OLD.voucher_id) AND state NOT IN ('draft')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_line_frozen: this voucher is no draft any more');
END
--;
CREATE TRIGGER voucher_file_no_insert BEFORE INSERT ON voucher_file
WHEN EXISTS (
    SELECT 1 FROM voucher WHERE id IN (NEW.voucher_id) AND state NOT IN ('draft', 'submitted')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_file_frozen: this voucher is no draft any more');
END
--;
CREATE TRIGGER voucher_file_no_update BEFORE UPDATE ON voucher_file
WHEN EXISTS (
    SELECT 1 FROM voucher WHERE id IN (OLD.voucher_id, NEW.voucher_id) AND state NOT IN ('draft', 'submitted')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_file_frozen: this voucher is no draft any more');
END
--;
CREATE TRIGGER voucher_file_no_delete BEFORE DELETE ON voucher_file
WHEN EXISTS (
    SELECT 1 FROM voucher WHERE id IN (OLD.voucher_id) AND state NOT IN ('draft', 'submitted')
)
BEGIN
    SELECT RAISE(ABORT, 'guard: voucher_file_frozen: this voucher is no draft any more');
END
