-- What settlements refuse on PostgreSQL: what rests on reported numbers keeps them; no two of an
-- operator and campaign share a day; what was booked, claimed and given up stays as it was.
CREATE FUNCTION guard_settlement_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: %_kept: a row of % is never taken away', TG_TABLE_NAME, TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_kept';
END $$
--;
CREATE TRIGGER settlement_kept BEFORE DELETE OR TRUNCATE ON settlement
FOR EACH STATEMENT EXECUTE FUNCTION guard_settlement_kept()
--;
ALTER TABLE settlement ENABLE ALWAYS TRIGGER settlement_kept
--;
CREATE TRIGGER settlement_loss_kept BEFORE DELETE OR TRUNCATE ON settlement_loss
FOR EACH STATEMENT EXECUTE FUNCTION guard_settlement_kept()
--;
ALTER TABLE settlement_loss ENABLE ALWAYS TRIGGER settlement_loss_kept
--;
CREATE TRIGGER claim_kept BEFORE DELETE OR TRUNCATE ON claim
FOR EACH STATEMENT EXECUTE FUNCTION guard_settlement_kept()
--;
ALTER TABLE claim ENABLE ALWAYS TRIGGER claim_kept
--;
CREATE TRIGGER settlement_payment_no_truncate BEFORE UPDATE OR TRUNCATE ON settlement_payment
FOR EACH STATEMENT EXECUTE FUNCTION guard_settlement_kept()
--;
ALTER TABLE settlement_payment ENABLE ALWAYS TRIGGER settlement_payment_no_truncate
--;
CREATE TRIGGER settlement_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_entry
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE settlement_entry ENABLE ALWAYS TRIGGER settlement_entry_append_only
--;
-- The campaign is locked while days are compared, so that two files cannot bring the same ones.
CREATE FUNCTION guard_settlement_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('settlement:' || NEW.campaign_id, 0));
    IF EXISTS (
        SELECT 1 FROM settlement
        WHERE operator = NEW.operator AND campaign_id = NEW.campaign_id
        AND period_from <= NEW.period_to AND NEW.period_from <= period_to
    ) THEN
        RAISE EXCEPTION 'guard: settlement_overlap: a day is settled once'
            USING ERRCODE = '23000', CONSTRAINT = 'settlement_overlap';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER settlement_overlap BEFORE INSERT ON settlement
FOR EACH ROW EXECUTE FUNCTION guard_settlement_overlap()
--;
ALTER TABLE settlement ENABLE ALWAYS TRIGGER settlement_overlap
--;
CREATE FUNCTION guard_settlement_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.unit_id, NEW.operator, NEW.campaign_id, NEW.period_from, NEW.period_to)
        IS DISTINCT FROM
        (OLD.id, OLD.unit_id, OLD.operator, OLD.campaign_id, OLD.period_from, OLD.period_to)
    OR (NEW.messages, NEW.gross, NEW.fee, NEW.net, NEW.paid_on, NEW.bank_reference, NEW.sha256,
            NEW.row)
        IS DISTINCT FROM
        (OLD.messages, OLD.gross, OLD.fee, OLD.net, OLD.paid_on, OLD.bank_reference, OLD.sha256,
            OLD.row)
        AND (
            EXISTS (SELECT 1 FROM settlement_entry WHERE settlement_id = OLD.id)
            OR EXISTS (SELECT 1 FROM settlement_loss WHERE settlement_id = OLD.id)
            OR EXISTS (SELECT 1 FROM claim WHERE settlement_id = OLD.id)
        )
    THEN
        RAISE EXCEPTION 'guard: settlement_frozen: something rests on settlement %', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'settlement_frozen';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER settlement_frozen BEFORE UPDATE ON settlement
FOR EACH ROW EXECUTE FUNCTION guard_settlement_update()
--;
ALTER TABLE settlement ENABLE ALWAYS TRIGGER settlement_frozen
--;
CREATE FUNCTION guard_settlement_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM settlement_entry AS part
        WHERE part.settlement_id = OLD.settlement_id AND part.act = OLD.act
        AND NOT EXISTS (SELECT 1 FROM entry WHERE reverses_id = part.entry_id)
    ) THEN
        RAISE EXCEPTION 'guard: settlement_payment_kept: its entries still stand'
            USING ERRCODE = '23000', CONSTRAINT = 'settlement_payment_kept';
    END IF;
    RETURN OLD;
END $$
--;
CREATE TRIGGER settlement_payment_kept BEFORE DELETE ON settlement_payment
FOR EACH ROW EXECUTE FUNCTION guard_settlement_payment()
--;
ALTER TABLE settlement_payment ENABLE ALWAYS TRIGGER settlement_payment_kept
--;
CREATE FUNCTION guard_settlement_loss() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'guard: settlement_loss_path: a loss begins as asked for'
                USING ERRCODE = '23000', CONSTRAINT = 'settlement_loss_path';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.state, NEW.state) NOT IN
        (('asked', 'approved'), ('asked', 'refused'), ('approved', 'reversed'))
    THEN
        RAISE EXCEPTION 'guard: settlement_loss_path: loss % cannot go from % to %',
            OLD.id, OLD.state, NEW.state
            USING ERRCODE = '23000', CONSTRAINT = 'settlement_loss_path';
    END IF;
    IF (NEW.id, NEW.settlement_id, NEW.unit_id, NEW.about, NEW.messages, NEW.amount, NEW.reason,
            NEW.items, NEW.asked_by, NEW.asked_at)
        IS DISTINCT FROM
        (OLD.id, OLD.settlement_id, OLD.unit_id, OLD.about, OLD.messages, OLD.amount, OLD.reason,
            OLD.items, OLD.asked_by, OLD.asked_at)
    OR OLD.state = 'approved' AND (NEW.decided_by, NEW.decided_at, NEW.act)
        IS DISTINCT FROM (OLD.decided_by, OLD.decided_at, OLD.act)
    THEN
        RAISE EXCEPTION 'guard: settlement_loss_frozen: what was asked for in loss % stays', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'settlement_loss_frozen';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER settlement_loss_path BEFORE INSERT OR UPDATE ON settlement_loss
FOR EACH ROW EXECUTE FUNCTION guard_settlement_loss()
--;
ALTER TABLE settlement_loss ENABLE ALWAYS TRIGGER settlement_loss_path
--;
CREATE FUNCTION guard_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'guard: claim_kept: a claim begins open'
                USING ERRCODE = '23000', CONSTRAINT = 'claim_kept';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'open'
        OR (NEW.id, NEW.settlement_id, NEW.unit_id, NEW.about, NEW.number, NEW.made_on,
            NEW.messages, NEW.amount, NEW.facts, NEW.made_by, NEW.made_at)
        IS DISTINCT FROM
        (OLD.id, OLD.settlement_id, OLD.unit_id, OLD.about, OLD.number, OLD.made_on,
            OLD.messages, OLD.amount, OLD.facts, OLD.made_by, OLD.made_at)
    THEN
        RAISE EXCEPTION 'guard: claim_frozen: claim % stays as it was made', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'claim_frozen';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER claim_frozen BEFORE INSERT OR UPDATE ON claim
FOR EACH ROW EXECUTE FUNCTION guard_claim()
--;
ALTER TABLE claim ENABLE ALWAYS TRIGGER claim_frozen
