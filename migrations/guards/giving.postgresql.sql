-- A campaign's page is never taken away: its address stands on posters and in messages. It begins as
-- a draft, is published, may be closed and opened again; once published its address, fund and unit
-- stay. Its money comes to an account of that fund and unit.
CREATE FUNCTION guard_giving_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'guard: a row of % is never taken away', TG_TABLE_NAME
        USING ERRCODE = '23000', CONSTRAINT = TG_TABLE_NAME || '_kept';
END $$
--;
CREATE TRIGGER campaign_page_kept BEFORE DELETE OR TRUNCATE ON campaign_page
FOR EACH STATEMENT EXECUTE FUNCTION guard_giving_kept()
--;
ALTER TABLE campaign_page ENABLE ALWAYS TRIGGER campaign_page_kept
--;
CREATE TRIGGER pledge_kept BEFORE DELETE OR TRUNCATE ON pledge
FOR EACH STATEMENT EXECUTE FUNCTION guard_giving_kept()
--;
ALTER TABLE pledge ENABLE ALWAYS TRIGGER pledge_kept
--;
CREATE FUNCTION guard_campaign_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state <> 'draft' OR TG_OP = 'UPDATE' AND NEW.state <> OLD.state
        AND (OLD.state, NEW.state) NOT IN (
            ('draft', 'published'), ('published', 'closed'), ('closed', 'published')
        )
    THEN
        RAISE EXCEPTION 'guard: a page is drafted, published, closed'
            USING ERRCODE = '23000', CONSTRAINT = 'campaign_page_path';
    END IF;
    IF TG_OP = 'UPDATE' AND (
        NEW.id <> OLD.id OR OLD.state <> 'draft' AND (
            NEW.slug, NEW.fund_id, NEW.unit_id, NEW.published_at, NEW.published_by
        ) IS DISTINCT FROM (
            OLD.slug, OLD.fund_id, OLD.unit_id, OLD.published_at, OLD.published_by
        )
    ) THEN
        RAISE EXCEPTION 'guard: page % was published, its address, fund and unit stay', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'campaign_page_frozen';
    END IF;
    IF NEW.bank_account_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM bank_account
        WHERE id = NEW.bank_account_id AND fund_id = NEW.fund_id AND unit_id = NEW.unit_id
    ) THEN
        RAISE EXCEPTION 'guard: the account is not one of the page''s fund and unit'
            USING ERRCODE = '23000', CONSTRAINT = 'campaign_page_account';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER campaign_page_change BEFORE INSERT OR UPDATE ON campaign_page
FOR EACH ROW EXECUTE FUNCTION guard_campaign_page()
--;
ALTER TABLE campaign_page ENABLE ALWAYS TRIGGER campaign_page_change
--;
-- What was promised stays as it was promised, on a page that was open, and goes its way once; only
-- erasing a donor takes the names away, all of them.
CREATE FUNCTION guard_pledge_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'open' OR NEW.erased_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM campaign_page
        WHERE id = NEW.page_id AND unit_id = NEW.unit_id AND state = 'published'
    ) THEN
        RAISE EXCEPTION 'guard: a promise begins on a published page of its unit'
            USING ERRCODE = '23000', CONSTRAINT = 'pledge_page';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER pledge_begin BEFORE INSERT ON pledge
FOR EACH ROW EXECUTE FUNCTION guard_pledge_begin()
--;
ALTER TABLE pledge ENABLE ALWAYS TRIGGER pledge_begin
--;
CREATE FUNCTION guard_pledge_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('open', 'given'), ('open', 'failed'), ('open', 'lapsed'), ('failed', 'open'),
        ('failed', 'given'), ('failed', 'lapsed'), ('lapsed', 'given')
    ) OR OLD.state = 'given' AND NEW.donation_id IS DISTINCT FROM OLD.donation_id THEN
        RAISE EXCEPTION 'guard: promise % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = '23000', CONSTRAINT = 'pledge_path';
    END IF;
    IF (
        NEW.id, NEW.page_id, NEW.unit_id, NEW.key, NEW.token, NEW.code, NEW.amount, NEW.method,
        NEW.locale, NEW.made_at, NEW.province_id
    ) IS DISTINCT FROM (
        OLD.id, OLD.page_id, OLD.unit_id, OLD.key, OLD.token, OLD.code, OLD.amount, OLD.method,
        OLD.locale, OLD.made_at, OLD.province_id
    ) OR (
        NEW.digest, NEW.name, NEW.on_behalf_of, NEW.in_memory_of, NEW.may_be_named,
        NEW.email_sealed, NEW.phone_sealed, NEW.phone_hash, NEW.erased_at
    ) IS DISTINCT FROM (
        OLD.digest, OLD.name, OLD.on_behalf_of, OLD.in_memory_of, OLD.may_be_named,
        OLD.email_sealed, OLD.phone_sealed, OLD.phone_hash, OLD.erased_at
    ) AND NOT (
        OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NOT NEW.may_be_named
        AND (NEW.digest, NEW.name, NEW.on_behalf_of, NEW.in_memory_of) = ('', '', '', '')
        AND NEW.email_sealed IS NULL AND NEW.phone_sealed IS NULL AND NEW.phone_hash IS NULL
    ) THEN
        RAISE EXCEPTION 'guard: what was promised in % stays as it was', OLD.id
            USING ERRCODE = '23000', CONSTRAINT = 'pledge_frozen';
    END IF;
    RETURN NEW;
END $$
--;
CREATE TRIGGER pledge_change BEFORE UPDATE ON pledge
FOR EACH ROW EXECUTE FUNCTION guard_pledge_update()
--;
ALTER TABLE pledge ENABLE ALWAYS TRIGGER pledge_change
--;
-- The function is that of the journal's own guards.
CREATE TRIGGER pledge_donation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pledge_donation
FOR EACH STATEMENT EXECUTE FUNCTION guard_append_only()
--;
ALTER TABLE pledge_donation ENABLE ALWAYS TRIGGER pledge_donation_append_only
