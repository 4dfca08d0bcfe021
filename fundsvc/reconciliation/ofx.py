"""Read OFX statements, of the old kind (SGML, whose tags need no end) and of the new one (XML)."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.reconciliation.layouts import BY_NAME
from fundsvc.reconciliation.reader import Line, Said, in_range, make_day, make_line

_TOKEN: Final = re.compile(r"<(/?)([A-Z][A-Z0-9._]{0,40})\s*>([^<]{0,4000})", re.ASCII)
_DAY: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})(?:\.[0-9]{1,3})?)?"
    r"(?:\[[^\]]{0,20}\])?",
    re.ASCII,
)
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]{1,16})(?:[.,]0{1,4})?", re.ASCII)
_HEADS: Final = (b"OFXHEADER", b"<OFX>", b"<?OFX")
_ENTITIES: Final = ("<!DOCTYPE", "<!ENTITY", "<![")
_END: Final = "</OFX>"


def is_ofx(data: bytes) -> bool:
    """Say whether a file is a statement of this kind."""
    head = data[:4096].upper()
    return any(mark in head for mark in _HEADS)


class OfxReader:
    """A file of OFX statements of one account; rows are the transactions, counted through it."""

    def __init__(self, text: str, *, today: date) -> None:
        """Take the text; no line is after `today`.

        Raises:
            Refusal: it brings a document type, or ends before its end.
        """
        if any(mark in text.upper() for mark in _ENTITIES):
            raise Refusal(Reason(_("Tệp OFX không được có khai báo kiểu tài liệu (DTD)."), 1))
        if _END not in text.upper():
            raise Refusal(Reason(_("Tệp bị cắt: thiếu đoạn cuối </OFX>.")))
        self.layout = BY_NAME["ofx"]
        self._text, self._today = text, today
        self.refused, self.said = Refused(), Said()
        told = (value for _end, tag, value in self._tokens() if tag == "ACCTID" and value)
        self.said.account = next(told, "")

    def __iter__(self) -> Iterator[Line]:
        """Yield the transactions in the order of the file."""
        self.refused, self.said = Refused(), Said(account=self.said.account)
        state = _State()
        for is_end, tag, value in self._tokens():
            try:
                if tag == "STMTTRN":
                    held, state.held = state.held, None if is_end else {}
                    state.row += not is_end
                    if is_end and held is not None:
                        yield self._line(state.row, held)
                elif tag in {"BANKACCTTO", "LEDGERBAL"}:
                    state.within = "" if is_end else tag
                elif not is_end:
                    self._take(state, tag, value)
            except Refusal as refusal:
                state.held = None
                for reason in refusal.reasons[:1]:
                    self.refused.add(reason.row or state.row or 1, reason.field, str(reason.text))

    def _take(self, state: "_State", tag: str, value: str) -> None:
        """Take the value of a tag, within a transaction or without."""
        if state.held is not None:
            if state.within != "BANKACCTTO":
                state.held.setdefault(tag, value)
        elif tag == "ACCTID" and value not in {"", self.said.account}:
            raise Refusal(Reason(_("Tệp có sao kê của hai tài khoản."), field=tag))
        elif tag == "CURDEF" and value not in {"", "VND"}:
            why = _("Sao kê bằng %(currency)s; sổ sách bằng đồng.", currency=value[:3])
            raise Refusal(Reason(why, field=tag))
        elif tag == "BALAMT" and state.within == "LEDGERBAL" and value:
            self.said.closing, self.said.row = _dong(value, tag), state.row

    def _tokens(self) -> Iterator[tuple[bool, str, str]]:
        """Yield each tag with what stands behind it."""
        for found in _TOKEN.finditer(self._text.upper() if "<ofx>" in self._text else self._text):
            yield bool(found[1]), found[2], html.unescape(found[3].strip())

    def _line(self, row: int, told: dict[str, str]) -> Line:
        amount = _dong(told.get("TRNAMT", ""), "TRNAMT")
        if not amount:
            raise Refusal(Reason(_("Dòng không có số tiền ra hay vào."), row, "TRNAMT"))
        found = _DAY.fullmatch(told.get("DTPOSTED", ""))
        if not found:
            why = _("Ngày phải viết theo mẫu %(pattern)s.", pattern="yyyymmdd")
            raise Refusal(Reason(why, row, "DTPOSTED"))
        on = make_day(found[1], found[2], found[3], today=self._today, field="DTPOSTED")
        name, memo = told.get("NAME", ""), told.get("MEMO", "")
        time = f"{found[4]}:{found[5]}:{found[6]}" if found[4] else ""
        return make_line(
            row,
            on,
            {
                "doc_no": told.get("FITID", ""),
                "reference": told.get("REFNUM", "") or told.get("CHECKNUM", ""),
                "memo": memo or name,
                "counterparty": name if memo else "",
            },
            debit=max(-amount, 0),
            credit=max(amount, 0),
            balance=None,
            identity=self.layout.identity,
            at_time="" if time == "00:00:00" else time,
            names={"doc_no": "FITID", "memo": "MEMO", "counterparty": "NAME"},
        )


@dataclass(slots=True)
class _State:
    """Where the reader is: the transaction that is open, and the part that it is in."""

    row: int = 0
    held: dict[str, str] | None = None
    within: str = ""


def _dong(raw: str, field: str) -> int:
    found = _AMOUNT.fullmatch(raw)
    if not found:
        why = _("Số tiền phải viết theo mẫu %(pattern)s.", pattern="-1000000.00")
        raise Refusal(Reason(why, field=field))
    amount = in_range(int(found[2]), field)
    return -amount if found[1] == "-" else amount
