-- What donors refuse on SQLite: none is taken away; one is merged into a standing one of its unit;
-- one is erased only after two people agreed, and then stays erased; what was agreed to stays said.
CREATE TRIGGER donor_kept BEFORE DELETE ON donor BEGIN
    SELECT RAISE(ABORT, 'guard: donor_kept: a donor is never taken away');
END
--;
CREATE TRIGGER donor_no_replace BEFORE INSERT ON donor
WHEN EXISTS (SELECT 1 FROM donor WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: donor_kept: this donor is there already');
END
--;
CREATE TRIGGER donor_update BEFORE UPDATE ON donor BEGIN
    SELECT RAISE(ABORT, 'guard: donor_identity: a donor stays with its unit')
    WHERE (NEW.id, NEW.unit_id) IS NOT (OLD.id, OLD.unit_id);
    SELECT RAISE(ABORT, 'guard: donor_erased: an erased donor stays as it is')
    WHERE OLD.erased_at IS NOT NULL;
    SELECT RAISE(ABORT, 'guard: donor_erasure_approved: two people erase a donor')
    WHERE NEW.erased_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM donor_erasure WHERE donor_id = NEW.id AND state = 'approved'
    );
    SELECT RAISE(ABORT, 'guard: donor_merged: a standing donor is merged into another of its unit')
    WHERE NEW.merged_into_id IS NOT NULL AND NEW.merged_into_id IS NOT OLD.merged_into_id
    AND (OLD.merged_into_id IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM donor AS kept WHERE kept.id = NEW.merged_into_id
        AND kept.unit_id = NEW.unit_id AND kept.merged_into_id IS NULL AND kept.erased_at IS NULL
    ));
END
--;
CREATE TRIGGER donor_made_merged BEFORE INSERT ON donor
WHEN NEW.merged_into_id IS NOT NULL OR NEW.erased_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'guard: donor_merged: a donor is written down before it is merged');
END
--;
CREATE TRIGGER donor_version_kept BEFORE DELETE ON donor_version
WHEN NOT EXISTS (SELECT 1 FROM donor WHERE id = OLD.donor_id AND erased_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'guard: donor_version_kept: what was known goes with the donor only');
END
--;
CREATE TRIGGER donor_version_frozen BEFORE UPDATE ON donor_version BEGIN
    SELECT RAISE(ABORT, 'guard: donor_version_kept: what was known stays as it was');
END
--;
CREATE TRIGGER donor_version_insert BEFORE INSERT ON donor_version
WHEN EXISTS (SELECT 1 FROM donor_version WHERE id = NEW.id) OR NOT EXISTS (
    SELECT 1 FROM donor WHERE id = NEW.donor_id AND unit_id = NEW.unit_id AND erased_at IS NULL
)
BEGIN
    SELECT RAISE(ABORT, 'guard: donor_version_kept: of a donor of its unit who is not erased');
END
--;
CREATE TRIGGER donor_consent_no_update BEFORE UPDATE ON donor_consent BEGIN
    SELECT RAISE(ABORT, 'guard: donor_consent_append_only: donor_consent is append-only');
END
--;
CREATE TRIGGER donor_consent_no_delete BEFORE DELETE ON donor_consent BEGIN
    SELECT RAISE(ABORT, 'guard: donor_consent_append_only: donor_consent is append-only');
END
--;
CREATE TRIGGER donor_consent_no_replace BEFORE INSERT ON donor_consent
WHEN EXISTS (SELECT 1 FROM donor_consent WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'guard: donor_consent_append_only: this row is there already');
END
--;
CREATE TRIGGER donor_erasure_kept BEFORE DELETE ON donor_erasure BEGIN
    SELECT RAISE(ABORT, 'guard: donor_erasure_kept: a wish to be forgotten is never taken away');
END
--;
CREATE TRIGGER donor_erasure_no_replace BEFORE INSERT ON donor_erasure
WHEN EXISTS (
    SELECT 1 FROM donor_erasure WHERE id = NEW.id
    OR (donor_id = NEW.donor_id AND state IN ('asked', 'approved')
        AND NEW.state IN ('asked', 'approved'))
)
BEGIN
    SELECT RAISE(ABORT, 'guard: donor_erasure_kept: this wish is there already');
END
--;
CREATE TRIGGER donor_erasure_frozen BEFORE UPDATE ON donor_erasure
WHEN OLD.state <> 'asked'
    OR (NEW.id, NEW.unit_id, NEW.donor_id, NEW.reason, NEW.asked_at, NEW.asked_by)
    IS NOT (OLD.id, OLD.unit_id, OLD.donor_id, OLD.reason, OLD.asked_at, OLD.asked_by)
BEGIN
    SELECT RAISE(ABORT, 'guard: donor_erasure_frozen: a wish is decided once');
END
--;
-- A donation stays as it was recorded; only words about people go, and only with their donor.
DROP TRIGGER donation_no_update
--;
CREATE TRIGGER donation_no_update BEFORE UPDATE ON donation
WHEN (NEW.id, NEW.unit_id, NEW.fund_id, NEW.amount, NEW.received_on, NEW.method, NEW.entry_id,
        NEW.key, NEW.recorded_at, NEW.donor_id, NEW.province_id, NEW.earmark, NEW.recorded_by)
    IS NOT (OLD.id, OLD.unit_id, OLD.fund_id, OLD.amount, OLD.received_on, OLD.method,
        OLD.entry_id, OLD.key, OLD.recorded_at, OLD.donor_id, OLD.province_id, OLD.earmark,
        OLD.recorded_by)
    OR (NEW.on_behalf_of, NEW.in_memory_of, NEW.note) IS NOT ('', '', '')
    OR NOT EXISTS (SELECT 1 FROM donor WHERE id = OLD.donor_id AND erased_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'guard: donation is append-only');
END
