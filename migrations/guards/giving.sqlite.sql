-- A campaign's page is never taken away: its address stands on posters and in messages. It begins as
-- a draft, is published, may be closed and opened again; once published its address, fund and unit
-- stay. Its money comes to an account of that fund and unit.
CREATE TRIGGER campaign_page_kept BEFORE DELETE ON campaign_page BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_page_kept: a page is never taken away');
END
--;
CREATE TRIGGER campaign_page_no_replace BEFORE INSERT ON campaign_page
WHEN EXISTS (SELECT 1 FROM campaign_page WHERE id = NEW.id OR slug = NEW.slug)
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_page_kept: this row is there already');
END
--;
CREATE TRIGGER campaign_page_begin BEFORE INSERT ON campaign_page WHEN NEW.state <> 'draft' BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_page_path: a page is drafted, published, closed');
END
--;
CREATE TRIGGER campaign_page_path BEFORE UPDATE ON campaign_page
WHEN NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'draft>published', 'published>closed', 'closed>published'
)
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_page_path: a page is drafted, published, closed');
END
--;
CREATE TRIGGER campaign_page_frozen BEFORE UPDATE ON campaign_page
WHEN NEW.id <> OLD.id OR OLD.state <> 'draft' AND (
    NEW.slug IS NOT OLD.slug OR NEW.fund_id IS NOT OLD.fund_id OR NEW.unit_id IS NOT OLD.unit_id
    OR NEW.published_at IS NOT OLD.published_at OR NEW.published_by IS NOT OLD.published_by
)
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_page_frozen: address, fund and unit stay');
END
--;
CREATE TRIGGER campaign_page_account_insert BEFORE INSERT ON campaign_page
WHEN NEW.bank_account_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM bank_account
    WHERE id = NEW.bank_account_id AND fund_id = NEW.fund_id AND unit_id = NEW.unit_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_page_account: not an account of its fund and unit');
END
--;
CREATE TRIGGER campaign_page_account_update BEFORE UPDATE ON campaign_page
WHEN NEW.bank_account_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM bank_account
    WHERE id = NEW.bank_account_id AND fund_id = NEW.fund_id AND unit_id = NEW.unit_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: campaign_page_account: not an account of its fund and unit');
END
--;
-- What was promised stays as it was promised, on a page that was open, and goes its way once; only
-- erasing a donor takes the names away, all of them.
CREATE TRIGGER pledge_kept BEFORE DELETE ON pledge BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_kept: a promise is never taken away');
END
--;
CREATE TRIGGER pledge_no_replace BEFORE INSERT ON pledge
WHEN EXISTS (
    SELECT 1 FROM pledge
    WHERE id = NEW.id OR token = NEW.token OR code = NEW.code OR donation_id = NEW.donation_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_kept: this row is there already');
END
--;
CREATE TRIGGER pledge_begin BEFORE INSERT ON pledge
WHEN NEW.state <> 'open' OR NEW.erased_at IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM campaign_page
    WHERE id = NEW.page_id AND unit_id = NEW.unit_id AND state = 'published'
)
BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_page: a promise begins on a published page of its unit');
END
--;
CREATE TRIGGER pledge_path BEFORE UPDATE ON pledge
WHEN NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'open>given', 'open>failed', 'open>lapsed', 'failed>open', 'failed>given', 'failed>lapsed',
    'lapsed>given'
) OR OLD.state = 'given' AND NEW.donation_id IS NOT OLD.donation_id
BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_path: a promise goes its way once');
END
--;
CREATE TRIGGER pledge_frozen BEFORE UPDATE ON pledge
WHEN NEW.id <> OLD.id OR NEW.page_id <> OLD.page_id OR NEW.unit_id <> OLD.unit_id
    OR NEW.key <> OLD.key OR NEW.token <> OLD.token OR NEW.code <> OLD.code
    OR NEW.amount <> OLD.amount OR NEW.method <> OLD.method OR NEW.locale <> OLD.locale
    OR NEW.made_at <> OLD.made_at OR NEW.province_id IS NOT OLD.province_id
    OR (
        NEW.digest <> OLD.digest OR NEW.name <> OLD.name OR NEW.on_behalf_of <> OLD.on_behalf_of
        OR NEW.in_memory_of <> OLD.in_memory_of OR NEW.may_be_named <> OLD.may_be_named
        OR NEW.email_sealed IS NOT OLD.email_sealed OR NEW.phone_sealed IS NOT OLD.phone_sealed
        OR NEW.phone_hash IS NOT OLD.phone_hash OR NEW.erased_at IS NOT OLD.erased_at
    ) AND NOT (
        OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.may_be_named = 0
        AND NEW.digest = '' AND NEW.name = '' AND NEW.on_behalf_of = '' AND NEW.in_memory_of = ''
        AND NEW.email_sealed IS NULL AND NEW.phone_sealed IS NULL AND NEW.phone_hash IS NULL
    )
BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_frozen: what was promised stays as it was');
END
--;
CREATE TRIGGER pledge_donation_no_update BEFORE UPDATE ON pledge_donation BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_donation_append_only: pledge_donation is append-only');
END
--;
CREATE TRIGGER pledge_donation_no_delete BEFORE DELETE ON pledge_donation BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_donation_append_only: pledge_donation is append-only');
END
--;
CREATE TRIGGER pledge_donation_no_replace BEFORE INSERT ON pledge_donation
WHEN EXISTS (
    SELECT 1 FROM pledge_donation
    WHERE donation_id = NEW.donation_id OR origin = NEW.origin
)
BEGIN
    SELECT RAISE(ABORT, 'guard: pledge_donation_append_only: this row is there already');
END
