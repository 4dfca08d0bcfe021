"""Read ISO 20022 CAMT.053 statements (XML): entry by entry, whatever the size of the file."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.reconciliation.layouts import BY_NAME
from fundsvc.reconciliation.reader import Line, Said, in_range, make_day, make_line
from fundsvc.reconciliation.source import Source

_AMOUNT: Final = re.compile(r"([0-9]{1,16})(?:\.0{1,5})?", re.ASCII)
_DAY: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}:[0-9]{2}:[0-9]{2}).{0,40})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_MARK: Final = b"BkToCstmrStmt"
_OPENINGS: Final = ("OPBD", "PRCD")
_CLOSING: Final = "CLBD"
_BOOKED: Final = "BOOK"
_MOST_DEEP: Final = 64


def is_camt053(data: bytes) -> bool:
    """Say whether an XML file is a statement of this kind."""
    return _MARK in data[: 1 << 14]


class Camt053Reader:
    """A file of CAMT.053 statements; each must come to its own closing balance.

    Rows are the entries, counted through the file.
    """

    def __init__(self, source: Source, *, today: date) -> None:
        """Take the file; no line is after `today`."""
        self.layout = BY_NAME["camt053"]
        self._source, self._today = source, today
        self.refused, self.said = Refused(), Said()
        for event, element in self._elements():
            if event == "end" and _name(element) == "Acct":
                self.said.account = _account(element)
                break

    def __iter__(self) -> Iterator[Line]:
        """Yield the booked entries; the last one of each statement has its closing balance."""
        self.refused, self.said = Refused(), Said(account=self.said.account)
        statement = _Statement()
        for event, element in self._elements():
            name = _name(element)
            if event == "start":
                statement = _Statement(statement.row) if name == "Stmt" else statement
                continue
            try:
                if name in {"Ntry", "Stmt"}:
                    yield from self._lines(name, element, statement)
                elif name == "Acct" and statement.at_head:
                    self._take_account(element, statement)
                elif name == "Bal":
                    self._take_balance(element, statement)
            except Refusal as refusal:
                for reason in refusal.reasons[:1]:
                    self.refused.add(reason.row or statement.row, reason.field, str(reason.text))
            if name in {"Ntry", "Stmt"}:
                element.clear()

    def _lines(self, name: str, element: Element, statement: "_Statement") -> Iterator[Line]:
        """Yield what is whole when an entry or the statement ends; its last line waits for that."""
        if name == "Stmt":
            yield from self._end(statement)
            return
        statement.row += 1
        line = self._line(statement.row, element)
        if line is None:
            return
        statement.sum += line.credit - line.debit
        if statement.last:
            yield statement.last
        statement.last = line

    def _take_account(self, element: Element, statement: "_Statement") -> None:
        statement.at_head = False
        if _account(element) != self.said.account:
            raise Refusal(Reason(_("Tệp có sao kê của hai tài khoản."), statement.row + 1))

    def _elements(self) -> Iterator[tuple[str, Element]]:
        """Yield what opens and closes, in the order of the file.

        Raises:
            Refusal: it is no XML, or brings a document type, by which entities could grow.
        """
        deep = 0
        try:
            events: Any = iterparse(self._source.stream(), ("start", "end"), forbid_dtd=True)
            for event, element in events:
                deep += 1 if event == "start" else -1
                if deep > _MOST_DEEP:
                    raise Refusal(_not_readable())
                yield event, element
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise Refusal(_not_readable()) from None

    def _take_balance(self, element: Element, statement: "_Statement") -> None:
        code = _text(element, "Tp", "CdOrPrtry", "Cd")
        if code not in {*_OPENINGS, _CLOSING}:
            return
        amount = _signed(element, "Bal")
        if code == _CLOSING:
            statement.closing = amount
        elif statement.opening is None or code == _OPENINGS[0]:
            statement.opening = amount

    def _end(self, statement: "_Statement") -> Iterator[Line]:
        """Compare a statement with its closing balance, and give its last line."""
        if self.said.opening is None:
            self.said.opening = statement.opening
        self.said.closing, self.said.row = statement.closing, statement.row
        row, last = statement.row, statement.last
        known = statement.opening is not None and statement.closing is not None
        if known and not self.refused.count:
            expected = (statement.opening or 0) + statement.sum
            if expected != statement.closing:
                why = _(
                    "Các dòng cộng ra số dư cuối %(expected)s, ngân hàng ghi %(found)s: tệp thiếu"
                    " dòng hoặc bị sửa.",
                    expected=expected,
                    found=statement.closing,
                )
                self.refused.add(row, "Bal", why)
        if last:
            yield last._replace(balance=statement.closing) if known else last

    def _line(self, row: int, entry: Element) -> Line | None:
        """Return the line of an entry; None for one that the bank has not booked."""
        status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
        if status and status != _BOOKED:
            return None
        amount = _signed(entry, "Ntry")
        if not amount:
            raise Refusal(Reason(_("Dòng không có số tiền ra hay vào."), row, "Amt"))
        raw = _text(entry, "BookgDt", "Dt") or _text(entry, "BookgDt", "DtTm")
        raw = raw or _text(entry, "ValDt", "Dt") or _text(entry, "ValDt", "DtTm")
        found = _DAY.fullmatch(raw)
        if not found:
            why = _("Ngày phải viết theo mẫu %(pattern)s.", pattern="yyyy-mm-dd")
            raise Refusal(Reason(why, row, "BookgDt"))
        on = make_day(found[1], found[2], found[3], today=self._today, field="BookgDt")
        return make_line(
            row,
            on,
            _texts(entry, is_in=amount > 0),
            debit=max(-amount, 0),
            credit=max(amount, 0),
            balance=None,
            identity=self.layout.identity,
            at_time=found[4] or "",
        )


class _Statement:
    """What is known of the statement that is being read."""

    def __init__(self, row: int = 0) -> None:
        self.row = row
        self.opening: int | None = None
        self.closing: int | None = None
        self.sum = 0
        self.last: Line | None = None
        self.at_head = True


def _not_readable() -> Reason:
    return Reason(_("Không đọc được tệp XML này: bị cắt, hoặc có khai báo kiểu tài liệu (DTD)."), 1)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child(element: Element | None, name: str) -> Element | None:
    if element is None:
        return None
    return next((child for child in element if _name(child) == name), None)


def _text(element: Element | None, *path: str) -> str:
    for name in path:
        element = _child(element, name)
    return (element.text or "").strip() if element is not None else ""


def _account(element: Element) -> str:
    return _text(element, "Id", "IBAN") or _text(element, "Id", "Othr", "Id")


def _signed(element: Element, field: str) -> int:
    """Return an amount of đồng, below 0 when it is a debit.

    Raises:
        Refusal: another currency, a part of a đồng, or no amount.
    """
    amount = _child(element, "Amt")
    currency = amount.get("Ccy", "") if amount is not None else ""
    if currency != "VND":
        why = _("Sao kê bằng %(currency)s; sổ sách bằng đồng.", currency=currency[:3] or "–")
        raise Refusal(Reason(why, field=field))
    found = _AMOUNT.fullmatch(_text(element, "Amt"))
    mark = _text(element, "CdtDbtInd")
    if not found or mark not in {"CRDT", "DBIT"}:
        why = _("Số tiền phải viết theo mẫu %(pattern)s.", pattern="1000000.00")
        raise Refusal(Reason(why, field=field))
    value = in_range(int(found[1]), field)
    return value if mark == "CRDT" else -value


def _texts(entry: Element, *, is_in: bool) -> dict[str, str]:
    """Return what an entry says in words; of several payments within it, what each says."""
    details = [
        detail
        for group in entry
        if _name(group) == "NtryDtls"
        for detail in group
        if _name(detail) == "TxDtls"
    ]
    memos = [
        (text.text or "").strip()
        for detail in details
        for text in (_child(detail, "RmtInf") or ())
        if _name(text) == "Ustrd"
    ]
    memo = " ".join(filter(None, memos)) or _text(entry, "AddtlNtryInf")
    side = "Dbtr" if is_in else "Cdtr"
    first = details[0] if len(details) == 1 else None
    parties = _child(first, "RltdPties")
    name = _text(parties, side, "Nm") or _text(parties, side, "Pty", "Nm")
    account = _child(parties, f"{side}Acct")
    number = "" if account is None else _account(account)
    return {
        "doc_no": _text(entry, "NtryRef"),
        "reference": _text(entry, "AcctSvcrRef") or _text(first, "Refs", "EndToEndId"),
        "memo": memo,
        "counterparty": " ".join(filter(None, (number, name))),
    }
