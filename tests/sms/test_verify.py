"""What verify finds of messages that somebody changed behind the service."""

from sqlalchemy import select, text

from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.verify import faults
from tests.sms.conftest import Import
from tests.support import messages


def test_verify_names_what_does_not_agree(bring: Import, engine_name: str) -> None:
    bring(list(messages.several(messages.one(), messages.one(message="TS 2"))))
    with transaction() as session:
        first, entry_id = session.scalars(select(Entry.id).order_by(Entry.external_id))
        if engine_name == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text("ALTER TABLE sms_message DISABLE TRIGGER USER"))
        else:
            session.execute(text("DROP TRIGGER sms_message_update"))
            session.execute(text("DROP TRIGGER sms_message_no_delete"))
        session.execute(text("UPDATE sms_message SET amount = 20000 WHERE request_id = 'VI1'"))
        session.execute(text("DELETE FROM sms_message WHERE request_id = 'VI2'"))
    with transaction() as session:
        assert {(fault.rule, fault.place) for fault in faults(session)} == {
            ("sms", f"entry:{first}"),
            ("sms", f"entry:{entry_id}"),
            ("sms-total", "sms:viettel"),
            ("sms-day", "sms:viettel"),
        }


def test_verify_names_a_number_that_does_not_open(bring: Import, engine_name: str) -> None:
    bring([messages.one()])
    with transaction() as session:
        off = "DISABLE TRIGGER USER" if engine_name == "postgresql" else None
        dropping = "DROP TRIGGER sms_message_update"
        session.execute(text(f"ALTER TABLE sms_message {off}" if off else dropping))
        session.execute(text("UPDATE sms_message SET phone_sealed = replace(phone_hash, '1', '2')"))
    with transaction() as session:
        found = [(fault.rule, fault.place) for fault in faults(session)]
    assert found == [("sms-phone", "sms:viettel:VI1")]
