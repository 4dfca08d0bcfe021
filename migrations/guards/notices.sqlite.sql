-- What gateways told of a bank's lines stays as it came, on SQLite.
-- INSERT OR REPLACE deletes without asking the delete triggers, so a row that is there already,
-- by any of its keys, is not inserted.
CREATE TRIGGER bank_notice_no_update BEFORE UPDATE ON bank_notice BEGIN
    SELECT RAISE(ABORT, 'guard: bank_notice_append_only: bank_notice is append-only');
END
--;
CREATE TRIGGER bank_notice_no_delete BEFORE DELETE ON bank_notice BEGIN
    SELECT RAISE(ABORT, 'guard: bank_notice_append_only: bank_notice is append-only');
END
--;
CREATE TRIGGER bank_notice_no_replace BEFORE INSERT ON bank_notice
WHEN EXISTS (
    SELECT 1 FROM bank_notice
    WHERE id = NEW.id
    OR (gateway = NEW.gateway AND external_id = NEW.external_id)
    OR (bank_line_id = NEW.bank_line_id AND gateway = NEW.gateway)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_notice_append_only: bank_notice is append-only');
END
--;
CREATE TRIGGER bank_twin_no_update BEFORE UPDATE ON bank_twin BEGIN
    SELECT RAISE(ABORT, 'guard: bank_twin_append_only: bank_twin is append-only');
END
--;
CREATE TRIGGER bank_twin_no_delete BEFORE DELETE ON bank_twin BEGIN
    SELECT RAISE(ABORT, 'guard: bank_twin_append_only: bank_twin is append-only');
END
--;
CREATE TRIGGER bank_twin_no_replace BEFORE INSERT ON bank_twin
WHEN EXISTS (
    SELECT 1 FROM bank_twin
    WHERE id = NEW.id OR bank_line_id = NEW.bank_line_id
    OR (bank_account_id = NEW.bank_account_id AND fingerprint = NEW.fingerprint
        AND occurrence = NEW.occurrence)
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_twin_append_only: bank_twin is append-only');
END
--;
CREATE TRIGGER bank_gift_no_update BEFORE UPDATE ON bank_gift BEGIN
    SELECT RAISE(ABORT, 'guard: bank_gift_append_only: bank_gift is append-only');
END
--;
CREATE TRIGGER bank_gift_no_delete BEFORE DELETE ON bank_gift BEGIN
    SELECT RAISE(ABORT, 'guard: bank_gift_append_only: bank_gift is append-only');
END
--;
CREATE TRIGGER bank_gift_no_replace BEFORE INSERT ON bank_gift
WHEN EXISTS (
    SELECT 1 FROM bank_gift
    WHERE bank_line_id = NEW.bank_line_id OR donation_id = NEW.donation_id
)
BEGIN
    SELECT RAISE(ABORT, 'guard: bank_gift_append_only: bank_gift is append-only');
END
