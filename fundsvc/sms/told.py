"""Reports of imports in words, for the command line and for the notes above pages."""

from collections.abc import Mapping

from flask_babel import gettext as _

from fundsvc.imports import ImportReport
from fundsvc.sms.grammar import Why
from fundsvc.sms.labels import heading
from fundsvc.sms.service import SmsImportReport
from fundsvc.templating.filters import day, dong, number

# As the operators write themselves.
_OPERATORS = {"vinaphone": "VinaPhone", "mobifone": "MobiFone"}


def operator(code: str) -> str:
    """Return an operator's name."""
    return _OPERATORS.get(code, code.capitalize())


def reason(why: str) -> str:
    """Say why a message was not booked."""
    return {
        Why.NO_KEYWORD: _("không có cú pháp này"),
        Why.OUTSIDE_DATES: _("ngoài thời gian của đợt vận động"),
        Why.TWO_CAMPAIGNS: _("có thể thuộc hai đợt vận động"),
        Why.NO_NUMBER: _("thiếu số lượng sau cú pháp"),
        Why.OUT_OF_RANGE: _("số lượng ngoài mức cho phép"),
        Why.UNCLEAR: _("số lượng có thể hiểu nhiều cách"),
        Why.OVER_LIMIT: _("quá mức một tin nhắn của đợt vận động"),
        Why.OVER_DAILY: _("quá số tin nhắn một ngày của một thuê bao"),
    }[Why(why)]


def campaigns(report: ImportReport) -> list[str]:
    """Tell what became of a file of campaigns."""
    if report.refused_count:
        return [*_refused(report), _nothing_taken(report)]
    new, known = number(report.new), number(report.known)
    return [_("%(new)s đợt vận động mới, %(known)s đã có.", new=new, known=known)]


def messages(report: SmsImportReport) -> list[str]:
    """Tell what a file of messages says and what became of it; the last line is the outcome."""
    said = [
        _(
            "%(lines)s dòng: %(messages)s tin nhắn được nhận, %(gross)s.",
            lines=number(report.lines),
            messages=number(report.messages),
            gross=dong(report.gross),
        )
    ]
    if report.first and report.last:
        said.append(_("Từ %(first)s đến %(last)s.", first=day(report.first), last=day(report.last)))
    said += [
        _(
            "%(operator)s %(short_code)s %(keyword)s: %(messages)s tin nhắn, %(gross)s.",
            operator=operator(count.operator),
            short_code=count.short_code,
            keyword=count.keyword,
            messages=number(count.messages),
            gross=dong(count.gross),
        )
        for count in report.by_campaign
    ]
    if report.failed:
        said.append(
            _("%(count)s tin nhắn không thu được tiền, không ghi sổ.", count=number(report.failed))
        )
    said += [
        _("%(count)s tin nhắn không ghi sổ: %(why)s.", count=number(count), why=reason(why))
        for why, count in report.parked.items()
    ]
    return [*said, *_refused(report, report.headings), outcome(report)]


def outcome(report: SmsImportReport) -> str:
    """Tell in one sentence what became of a file of messages."""
    if report.refused_count:
        return _nothing_taken(report)
    if report.committed:
        return booked(report.new, report.known)
    new, known = number(report.new), number(report.known)
    return _("Xem trước: %(new)s tin nhắn mới, %(known)s đã có; chưa ghi sổ.", new=new, known=known)


def booked(new: int, known: int) -> str:
    """Tell in one sentence what a file brought that was booked."""
    return _(
        "Đã nhận %(new)s tin nhắn mới; %(known)s tin nhắn đã có.",
        new=number(new),
        known=number(known),
    )


def _refused(report: ImportReport, headings: Mapping[str, str] | None = None) -> list[str]:
    """Tell each refused row; its field as the file heads it, when it is known."""
    return [
        _(
            "Dòng %(row)s, %(field)s: %(why)s",
            row=row.row,
            field=(row.field if headings is None else heading(row.field, headings)) or "–",
            why=row.reason,
        )
        for row in report.refused
    ]


def _nothing_taken(report: ImportReport) -> str:
    count = number(report.refused_count)
    return _("Không nhận tệp: %(count)s dòng bị từ chối; chưa ghi gì vào sổ.", count=count)
