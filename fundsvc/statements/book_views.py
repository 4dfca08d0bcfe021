"""The pages of books: trial balance, general ledger, journal, and their downloads."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any, BinaryIO

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from fundsvc.db import read_session, snapshot
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.staff.access import allow
from fundsvc.statements import (
    book_formats,
    book_lines,
    book_page,
    general_ledger,
    journal,
    journal_page,
    ledger_page,
    trial_balance,
    trial_balance_page,
)
from fundsvc.statements.book import Book
from fundsvc.statements.book_options import read_options, read_turn
from fundsvc.statements.book_page import DOWNLOADS, GENERAL_LEDGER, JOURNAL, TRIAL_BALANCE
from fundsvc.statements.book_scope import account_choices
from fundsvc.statements.formats import TYPES
from fundsvc.statements.service import choices
from fundsvc.statements.views import READERS
from fundsvc.templating import Form, chosen_locale
from ledger.accounts import CASH

bp = Blueprint("books", __name__)

LONGEST_PDF = 20_000
"""So many records a page draws as PDF at once (some 20 s); a longer book is for the command."""
_BLOCK = 1 << 16


@bp.get(TRIAL_BALANCE)
@allow(*READERS)
def show_trial_balance() -> ResponseReturnValue:
    """Show the trial balance; without a question, of all books in this year."""
    values = book_page.asked(request.args)

    def draw() -> dict[str, Any]:
        session, apart = read_session(), trial_balance_page.read_apart(values)
        balance = trial_balance.trial_balance(session, read_options(values), chosen_locale())
        after = values.get("after", "")
        page = trial_balance_page.page_of(session, balance, apart=apart, after=after)
        return {"page": page, "scope": balance.scope, "apart": apart}

    return _page("statements/trial_balance.html", TRIAL_BALANCE, values, draw)


@bp.get(f"{TRIAL_BALANCE}.<kind>")
@allow(*READERS)
def download_trial_balance(kind: str) -> ResponseReturnValue:
    """Give the trial balance as a file of what the same page shows."""

    def draw(values: Mapping[str, str]) -> Book:
        apart = trial_balance_page.read_apart(values)
        balance = trial_balance.trial_balance(snapshot(), read_options(values))
        return trial_balance.book(balance, apart=apart)

    return _download(kind, draw)


@bp.get(GENERAL_LEDGER)
@allow(*READERS)
def show_general_ledger() -> ResponseReturnValue:
    """Show the ledger of an account; without a question, of cash in this year."""
    values = {"account": CASH} | book_page.asked(request.args)

    def draw() -> dict[str, Any]:
        session, turn = read_session(), read_turn(values)
        ledger = general_ledger.ledger(session, read_options(values, account=True), chosen_locale())
        shown = general_ledger.page(session, ledger, turn)
        page = ledger_page.page_of(session, ledger, shown, turn)
        return {"page": page, "scope": ledger.scope}

    accounts = account_choices(read_session(), chosen_locale())
    return _page("statements/general_ledger.html", GENERAL_LEDGER, values, draw, accounts=accounts)


@bp.get(f"{GENERAL_LEDGER}.<kind>")
@allow(*READERS)
def download_general_ledger(kind: str) -> ResponseReturnValue:
    """Give the ledger of an account as a file, from its first to its last line."""

    def draw(values: Mapping[str, str]) -> Book:
        session = snapshot()
        options = read_options({"account": CASH} | dict(values), account=True)
        return general_ledger.book(session, general_ledger.ledger(session, options))

    return _download(kind, draw)


@bp.get(JOURNAL)
@allow(*READERS)
def show_journal() -> ResponseReturnValue:
    """Show the journal; without a question, of all books in this year."""
    values = book_page.asked(request.args)

    def draw() -> dict[str, Any]:
        session, turn = read_session(), read_turn(values)
        drawn = journal.journal(session, read_options(values), chosen_locale())
        shown = book_lines.page(session, drawn.scope, turn)
        return {"page": journal_page.page_of(drawn, shown, turn), "scope": drawn.scope}

    return _page("statements/journal.html", JOURNAL, values, draw)


@bp.get(f"{JOURNAL}.<kind>")
@allow(*READERS)
def download_journal(kind: str) -> ResponseReturnValue:
    """Give the journal as a file, from its first to its last line."""

    def draw(values: Mapping[str, str]) -> Book:
        session = snapshot()
        return journal.book(session, journal.journal(session, read_options(values)))

    return _download(kind, draw)


def _page(
    template: str,
    path: str,
    values: Mapping[str, str],
    draw: Callable[[], dict[str, Any]],
    **more: object,
) -> ResponseReturnValue:
    """Show a book, or its question again with what is wrong with it."""
    drawn: dict[str, Any] = {"page": None}
    reasons: tuple[Reason, ...] = ()
    try:
        drawn = draw()
    except Refusal as refusal:
        reasons = refusal.reasons
    body = render_template(
        template,
        form=Form(values, reasons),
        choices=choices(read_session(), chosen_locale()),
        periods=book_page.periods(path, values),
        path=path,
        **drawn,
        **more,
    )
    return body, 422 if reasons else 200


def _download(kind: str, draw: Callable[[Mapping[str, str]], Book]) -> Response:
    """Give a book as a file, of one moment; it is drawn when the transaction that read it is over.

    Raises:
        NotFound: there is no such format.
        Refusal: the question cannot be answered, or the book is too long for a PDF at once.
    """
    if kind not in DOWNLOADS:
        raise NotFound
    session = read_session()
    with ExitStack() as unless_given:
        book = unless_given.enter_context(closing(draw(book_page.asked(request.args))))
        session.rollback()
        if kind == "pdf" and book.records.count > LONGEST_PDF:
            why = _(
                "Sổ có hơn %(most)s dòng, quá dài để in một lần. Xin chọn khoảng ngày ngắn hơn,"
                " hoặc tải XLSX.",
                most=LONGEST_PDF,
            )
            raise Refusal(Reason(why, field="from"))
        answer = Response(_body(kind, book), content_type=TYPES[kind])
        unless_given.pop_all()
        answer.call_on_close(book.close)
    way = "inline" if kind == "pdf" else "attachment"
    answer.headers["Content-Disposition"] = f'{way}; filename="{book.name}.{kind}"'
    return answer


def _body(kind: str, book: Book) -> Iterator[bytes]:
    """Yield a file block by block; what cannot be streamed goes by a file of its own."""
    if kind in book_formats.STREAMED:
        return book_formats.blocks(kind, book, _BLOCK)
    return _blocks(book_formats.to_file(kind, book))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
