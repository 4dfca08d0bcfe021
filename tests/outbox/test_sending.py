"""Letters go out over a real mail server; what it refuses is tried again, or shown to somebody."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.config import BadSettingError, MailServer, Settings, load
from fundsvc.db import transaction
from fundsvc.errors import NotFound
from fundsvc.outbox import addresses, post, sending, service
from fundsvc.outbox.models import DEAD, SENT, WAITING, Letter
from fundsvc.outbox.sending import Sender
from fundsvc.outbox.service import Attachment
from tests.support.mail import Kept, free_port, serving

pytestmark = [pytest.mark.usefixtures("app", "clock"), pytest.mark.by_turns]
PDF = b"%PDF-1.7 \x00\xff"

Use = Callable[..., None]


def put(key: str = "a", to: str = "binh@example.com", *, ref: str = "NT-2024-000001") -> int:
    with transaction() as session:
        letter = service.put(
            session,
            key=key,
            to=to,
            subject="Biên nhận NT-2024-000001 của Quỹ Nghĩa tình Trường Sơn",
            text="Kính gửi ông Nguyễn Văn Bình.\n",
            html="<p>Kính gửi ông <b>Nguyễn Văn Bình</b>.</p>",
            locale="vi",
            attachments=[Attachment("receipt", ref, f"{ref}.pdf")],
        )
        return letter.id


def fetch(ref: str) -> bytes:
    if ref == "lost":
        raise NotFound
    if ref == "broken":
        msg = "the disk is full"
        raise OSError(msg)
    return PDF


def sender() -> Sender:
    return Sender({"receipt": fetch})


def state(session: Session, letter_id: int) -> Letter:
    session.rollback()
    return session.get_one(Letter, letter_id)


@pytest.fixture
def use(app: Flask, settings: Settings) -> Use:
    """Tell the service which mail server to use."""

    def use(port: int, security: str = "smtp", **facts: str) -> None:
        server = MailServer("127.0.0.1", port, security, "quy@example.com", **facts)
        app.config["FUNDSVC"] = replace(settings, mail=server)

    return use


@pytest.fixture
def server(use: Use) -> Iterator[Kept]:
    """A mail server that the service uses."""
    with serving() as (kept, port):
        use(port)
        yield kept


def test_a_letter_arrives_with_text_page_and_attachment(server: Kept, session: Session) -> None:
    letter_id = put()
    assert sender().send() == 1
    (letter,) = server.letters
    assert server.to == ["binh@example.com"]
    assert letter["Subject"] == "Biên nhận NT-2024-000001 của Quỹ Nghĩa tình Trường Sơn"
    assert str(letter["From"]) == "Hội Truyền thống Trường Sơn <quy@example.com>"
    text, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text
    assert page
    assert text.get_content().strip() == "Kính gửi ông Nguyễn Văn Bình."
    assert "<b>Nguyễn Văn Bình</b>" in page.get_content()
    (file,) = letter.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == (
        "NT-2024-000001.pdf",
        "application/pdf",
    )
    assert file.get_content() == PDF
    assert state(session, letter_id).state == SENT
    assert sender().send() == 0, "it is not sent again"


def test_the_same_letter_always_has_the_same_message_id(server: Kept) -> None:
    put()
    put("b")
    with transaction() as session:
        first = service.claim(session)
    assert first
    sent = sender()
    with clock.fixed(clock.now() + service.LEASE + timedelta(seconds=1)):
        sent.send()
    assert len({letter["Message-ID"] for letter in server.letters}) == 2


def test_a_refused_address_is_given_up_and_the_next_letter_goes_on(
    server: Kept, session: Session
) -> None:
    server.says = {"gone@example.com": "550 5.1.1 No such user"}
    gone, fine = put("a", "gone@example.com"), put("b")
    assert sender().send() == 1
    letter = state(session, gone)
    assert (letter.state, letter.told) == (DEAD, "Máy chủ thư trả lời: 550 5.1.1 No such user")
    assert state(session, fine).state == SENT
    server.says = {}
    with transaction() as writing:
        service.again(writing, gone)
    assert sender().send() == 1


def test_a_busy_mailbox_is_tried_again_later(server: Kept, session: Session) -> None:
    server.says = {"binh@example.com": "451 4.2.1 Try again later"}
    letter_id = put()
    sender().send()
    letter = state(session, letter_id)
    assert (letter.state, letter.tries) == (WAITING, 1)
    server.says = {}
    assert sender().send() == 0
    with clock.fixed(clock.now() + service.PAUSES[0]):
        assert sender().send() == 1


def test_a_server_that_falls_silent_over_a_letter_costs_a_try_and_the_next_one_goes_on(
    server: Kept, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PATIENCE_WITH_LETTER", 0.3)
    server.slow = 1.0
    letter_id = put()
    assert sender().send() == 0
    letter = state(session, letter_id)
    assert (letter.state, letter.tries) == (WAITING, 1)
    server.slow = 0.0
    other = put("b")
    assert sender().send() == 1, "the queue goes on"
    assert state(session, other).state == SENT
    server.slow = 1.0
    for _try in range(len(service.PAUSES)):
        with clock.fixed(state(session, letter_id).next_at):
            assert sender().send() == 0
    assert state(session, letter_id).state == DEAD
    assert len(server.letters) == 2 + len(service.PAUSES), "it is not handed in for ever"


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        ("552 5.3.4 Message too big", (DEAD, 1)),
        ("451 4.3.0 Try again later", (WAITING, 1)),
        ("530 5.7.0 Authentication required", (WAITING, 1)),
        ("421 4.3.2 Closing down", (WAITING, 1)),
    ],
)
def test_a_letter_whose_sender_is_refused_does_not_stop_the_queue(
    server: Kept, session: Session, answer: str, ended: tuple[str, int]
) -> None:
    server.says = {"quy@example.com": answer}
    first, second = put("a"), put("b")
    assert sender().send() == 0
    for letter_id in (first, second):
        letter = state(session, letter_id)
        assert (letter.state, letter.tries) == ended
        assert answer[:3] in (letter.told or "")


def test_what_a_server_says_is_kept_without_addresses(
    server: Kept, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    told = "550 <binh@example.com>: no mailbox, to=Binh@EXAMPLE.com,lan@example.com"
    server.says = {"binh@example.com": told}
    letter_id = put()
    sender().send()
    kept = state(session, letter_id).told or ""
    assert "<b***@example.com>: no mailbox" in kept
    for said in (kept.lower(), caplog.text.lower()):
        assert "binh@" not in said
        assert "lan@" not in said
    with transaction() as writing:
        service.forget(writing, "a")
    assert "example.com" not in (state(session, letter_id).told or "")


def test_an_address_that_stands_for_another_is_not_written_to(
    server: Kept, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = "=?utf-8?q?victim=40example.com=2C?=@example.org"
    monkeypatch.setattr(addresses, "parse", lambda raw: raw)
    letter_id = put(to=forged)
    assert sender().send() == 0
    assert state(session, letter_id).state == DEAD
    assert not server.letters


def test_letters_wait_without_harm_while_the_server_is_gone(use: Use, session: Session) -> None:
    use(free_port())
    letter_id = put()
    for hours in range(50):
        with clock.fixed(clock.now() + timedelta(hours=hours)):
            assert sender().send() == 0
    letter = state(session, letter_id)
    assert (letter.state, letter.tries) == (WAITING, 0)
    assert "Không nối được với máy chủ thư" in (letter.told or "")


def test_a_server_that_is_gone_is_left_alone_for_a_while(use: Use) -> None:
    use(free_port())
    put()
    tired = sender()
    tired.send()
    with serving() as (_kept, port), clock.fixed(clock.now() + sending.REST):
        use(port)
        assert tired.send() == 0
        assert sender().send() == 1


def test_without_a_server_letters_wait_untried(session: Session) -> None:
    letter_id = put()
    assert sender().send() == 0
    letter = state(session, letter_id)
    assert (letter.state, letter.tries, letter.told) == (WAITING, 0, None)


def test_a_lost_attachment_ends_a_letter_and_a_full_disk_does_not(
    server: Kept, session: Session
) -> None:
    lost, broken = put("a", ref="lost"), put("b", ref="broken")
    assert sender().send() == 0
    assert state(session, lost).state == DEAD
    letter = state(session, broken)
    assert (letter.state, letter.tries) == (WAITING, 1)
    assert not server.letters


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path, secret


def test_letters_go_under_tls_to_whom_we_know_only(
    use: Use,
    certificate: tuple[Path, Path],
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    letter_id = put()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(password="bí mật", tls_context=context, require_starttls=True) as (kept, port):
        use(port, "smtp+starttls", user="quy", password="bi-mat")
        assert sender().send() == 0
        assert "certificate" in (state(session, letter_id).told or "").lower()
        known = ssl.create_default_context(cafile=str(certificate[0]))
        monkeypatch.setattr(ssl, "create_default_context", lambda: known)
        with clock.fixed(clock.now() + sending.REST):
            assert sender().send() == 0
        assert "535" in (state(session, letter_id).told or "")
    with serving(password="bi-mat", tls_context=context, require_starttls=True) as (kept, port):
        use(port, "smtp+starttls", user="quy", password="bi-mat")
        with clock.fixed(clock.now() + 2 * sending.REST):
            assert sender().send() == 1
        assert len(kept.letters) == 1


def test_nothing_is_sent_in_the_clear_when_tls_is_asked_for(use: Use, session: Session) -> None:
    letter_id = put()
    with serving() as (kept, port):
        use(port, "smtp+starttls")
        assert sender().send() == 0
        assert not kept.letters
    assert state(session, letter_id).state == WAITING


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", MailServer("localhost", 25, "smtp", "no-reply@quy.example.com")),
        (
            "smtp://quy%40example.com:p%3Aw@mail.example.com:587",
            MailServer(
                "mail.example.com", 587, "smtp+starttls", "quy@example.com",
                "quy@example.com", "p:w",
            ),
        ),
        (
            "smtps://quy:pw@mail.example.com?from=quy@example.com",
            MailServer("mail.example.com", 465, "smtps", "quy@example.com", "quy", "pw"),
        ),
        (
            "smtp+starttls://mail.example.com/",
            MailServer("mail.example.com", 587, "smtp+starttls", "no-reply@quy.example.com"),
        ),
    ],
)  # fmt: skip
def test_the_address_of_a_mail_server_is_read(url: str, server: MailServer) -> None:
    environ = {
        "FUNDSVC_SMTP_URL": url,
        "FUNDSVC_BASE_URL": "https://quy.example.com",
        "FUNDSVC_SECRET_KEY": "k" * 64,
        "FUNDSVC_DATA_KEY": "d" * 64,
    }
    found = load(environ).mail
    assert found == server
    assert "pw" not in repr(found).replace("smtp", "")


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://user:geheim@",
        "smtp://mail.example.com:port",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com/folder",
        "smtp://mail.example.com?tls=no",
        "smtp://mail.example.com?from=nobody",
        "smtp://mail.example.com?from=a@example.com%0D%0ABcc:%20b@example.com",
    ],
)
def test_a_bad_address_of_a_mail_server_is_refused_by_name(url: str) -> None:
    environ = {
        "FUNDSVC_SMTP_URL": url,
        "FUNDSVC_SECRET_KEY": "k" * 64,
        "FUNDSVC_DATA_KEY": "d" * 64,
    }
    with pytest.raises(BadSettingError, match="FUNDSVC_SMTP_URL") as error:
        load(environ)
    assert "geheim" not in str(error.value)
