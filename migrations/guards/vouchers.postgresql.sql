-- A voucher is never taken away. It begins as a draft and goes its way step by step; what was sent
-- for approval is what is approved and posted; posted or discarded, it and all it has stay.
CREATE FUNCTION guard_voucher_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: a row of % is never taken away', TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_kept';
END $$
--;
CREATE TRIGGER voucher_kept BEFORE DELETE OR TRUNCATE ON voucher
FOR EACH STATEMENT EXECUTE FUNCTION guard_voucher_kept()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER voucher_kept
--;
CREATE TRIGGER voucher_template_kept BEFORE DELETE OR TRUNCATE ON voucher_template
FOR EACH STATEMENT EXECUTE FUNCTION guard_voucher_kept()
--;
ALTER TABLE voucher_template ENABLE ALWAYS TRIGGER voucher_template_kept
--;
CREATE TRIGGER voucher_line_kept BEFORE TRUNCATE ON voucher_line
FOR EACH STATEMENT EXECUTE FUNCTION guard_voucher_kept()
--;
ALTER TABLE voucher_line ENABLE ALWAYS TRIGGER voucher_line_kept
--;
CREATE TRIGGER voucher_file_kept BEFORE TRUNCATE ON voucher_file
FOR EACH STATEMENT EXECUTE FUNCTION guard_voucher_kept()
--;
ALTER TABLE voucher_file ENABLE ALWAYS TRIGGER voucher_file_kept
--;
CREATE FUNCTION guard_voucher_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'guard: a voucher begins as a draft, not as %', NEW.state
            USING ERRCODE = '23000', CONSTRAINT = 'voucher_path';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER voucher_begin BEFORE INSERT ON voucher
FOR EACH ROW EXECUTE FUNCTION guard_voucher_begin()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER voucher_begin
--;
CREATE FUNCTION guard_voucher_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('posted', 'discarded') THEN
        RAISE EXCEPTION 'guard: voucher % is %, nothing of it changes', OLD.id, OLD.state
            USING ERRCODE = '23000', CONSTRAINT = 'voucher_final';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'submitted'), ('draft', 'discarded'), ('submitted', 'draft'),
        ('submitted', 'approved'), ('approved', 'draft'), ('approved', 'posted')
    ) THEN
        RAISE EXCEPTION 'guard: voucher % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = '23000', CONSTRAINT = 'voucher_path';
    END IF;
    IF NEW.version < OLD.version OR (NEW.id, NEW.key) IS DISTINCT FROM (OLD.id, OLD.key)
        OR OLD.state <> 'draft' AND (
            NEW.unit_id, NEW.kind, NEW.date, NEW.fund_id, NEW.amount, NEW.party,
            NEW.party_address, NEW.description, NEW.enclosed, NEW.province_id, NEW.till,
            NEW.resolution, NEW.resolution_on, NEW.to_fund_id, NEW.to_unit_id, NEW.to_till,
            NEW.maker_id, NEW.made_at, NEW.template_id
        ) IS DISTINCT FROM (
            OLD.unit_id, OLD.kind, OLD.date, OLD.fund_id, OLD.amount, OLD.party,
            OLD.party_address, OLD.description, OLD.enclosed, OLD.province_id, OLD.till,
            OLD.resolution, OLD.resolution_on, OLD.to_fund_id, OLD.to_unit_id, OLD.to_till,
            OLD.maker_id, OLD.made_at, OLD.template_id
        )
        OR OLD.state <> 'draft' AND NEW.state <> 'draft' AND (
            NEW.submitted_by, NEW.submitted_at
        ) IS DISTINCT FROM (OLD.submitted_by, OLD.submitted_at)
        OR OLD.state = 'approved' AND NEW.state <> 'draft' AND (
            NEW.approver_id, NEW.approved_at
        ) IS DISTINCT FROM (OLD.approver_id, OLD.approved_at)
    THEN
        RAISE EXCEPTION 'guard: voucher % is %, its facts are frozen', OLD.id, OLD.state
            USING ERRCODE = '23000', CONSTRAINT = 'voucher_frozen';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER voucher_update BEFORE UPDATE ON voucher
FOR EACH ROW EXECUTE FUNCTION guard_voucher_update()
--;
ALTER TABLE voucher ENABLE ALWAYS TRIGGER voucher_update
--;
-- The voucher is locked while it is asked, so that it cannot be approved in the same moment.
CREATE FUNCTION guard_voucher_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which bigint;
    found text;
BEGIN
    FOREACH which IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.voucher_id]
        WHEN 'DELETE' THEN ARRAY[OLD.voucher_id]
        ELSE ARRAY[OLD.voucher_id, NEW.voucher_id] END
    LOOP
        SELECT state INTO found FROM voucher WHERE id = which FOR SHARE;
        IF found IS NOT NULL AND NOT found = ANY (TG_ARGV) THEN
            RAISE EXCEPTION 'guard: voucher % is %, its % stays', which, found, TG_TABLE_NAME
                USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_frozen';
        END IF;
    END LOOP;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
--;
CREATE TRIGGER voucher_line_frozen BEFORE INSERT OR UPDATE OR DELETE ON voucher_line
FOR EACH ROW EXECUTE FUNCTION guard_voucher_part('draft')
--;
ALTER TABLE voucher_line ENABLE ALWAYS TRIGGER voucher_line_frozen
--;
CREATE TRIGGER voucher_file_frozen BEFORE INSERT OR UPDATE OR DELETE ON voucher_file
FOR EACH ROW EXECUTE FUNCTION guard_voucher_part('draft', 'submitted')
--;
ALTER TABLE voucher_file ENABLE ALWAYS TRIGGER voucher_file_frozen
