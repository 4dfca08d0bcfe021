"""Settlements in words: reports of imports, names of states, lists and reasons."""

from flask_babel import gettext as _

from fundsvc.settlements.importing import SettlementReport
from fundsvc.sms.told import operator
from fundsvc.templating.filters import dong, number

__all__ = [
    "about",
    "claim_state",
    "here",
    "imported",
    "likely",
    "loss_state",
    "operator",
    "outcome",
    "state",
]


def imported(report: SettlementReport) -> list[str]:
    """Tell what a file of settlements says; the last line is the outcome."""
    said = []
    for found in report.settlements:
        facts = {
            "operator": operator(found.operator),
            "short_code": found.short_code,
            "keyword": found.keyword,
            "counted": number(found.counted.messages),
            "gross": dong(found.counted.gross),
            "there": number(found.reported.messages),
            "reported": dong(found.reported.gross),
            "messages": number(found.difference.messages),
            "difference": dong(found.difference.gross),
        }
        said.append(
            _(
                "%(operator)s %(short_code)s %(keyword)s: Hội ghi nhận %(counted)s tin, %(gross)s;"
                " nhà mạng báo %(there)s tin, %(reported)s; chênh lệch %(messages)s tin,"
                " %(difference)s.",
                **facts,
            )
        )
    said += [
        _("Dòng %(row)s, %(field)s: %(why)s", row=row.row, field=row.field or "–", why=row.reason)
        for row in report.refused
    ]
    return [*said, outcome(report)]


def outcome(report: SettlementReport) -> str:
    """Tell in one sentence what became of a file of settlements."""
    if report.refused_count:
        count = number(report.refused_count)
        return _("Không nhận tệp: %(count)s dòng bị từ chối; chưa ghi gì vào sổ.", count=count)
    facts = {
        "new": number(report.new),
        "known": number(report.known),
        "replaced": number(report.replaced),
    }
    if report.committed:
        return _("Đã nhận %(new)s quyết toán mới, thay số %(replaced)s; %(known)s đã có.", **facts)
    return _(
        "Xem trước: %(new)s quyết toán mới, thay số %(replaced)s, %(known)s đã có; chưa nhận.",
        **facts,
    )


def state(code: str) -> tuple[str, str]:
    """Return the kind of badge and the words of a settlement's state."""
    return {
        "done": ("ok", _("đã xong")),
        "differs": ("warn", _("có chênh lệch")),
        "to-accept": ("wait", _("chờ chấp nhận")),
        "to-pay": ("wait", _("chờ tiền về")),
        "open": ("warn", _("tiền về chưa khớp")),
    }[code]


def about(code: str) -> str:
    """Return the name of a list of differences."""
    return {
        "missing-there": _("Hội có, nhà mạng không có"),
        "failed-there": _("Nhà mạng báo không thu được hoặc đã hoàn"),
        "amount": _("Khác số tiền"),
        "missing-here": _("Nhà mạng có, sổ của Hội không có"),
        "late": _("Ngoài kỳ nhưng nhà mạng báo trong kỳ"),
        "difference": _("Chênh lệch theo số tổng"),
    }[code]


def likely(why: str) -> str:
    """Say why a message may be one of those that differ."""
    return {
        "double": _("trùng số máy và số tiền trong 10 phút"),
        "first": _("những phút đầu kỳ"),
        "last": _("những phút cuối kỳ"),
        "other": _("đúng số tiền chênh lệch"),
    }[why]


def here(status: str | None) -> str:
    """Say what we have of a message that the operator lists and our books do not count."""
    return {
        None: _("chưa nhận được tin này"),
        "failed": _("nhận về là không thu được tiền"),
        "unknown": _("không rõ cú pháp, chưa ghi sổ"),
        "reversed": _("đã ghi đảo, hoặc thuộc đợt vận động khác"),
    }[status]


def claim_state(code: str) -> tuple[str, str]:
    """Return the kind of badge and the words of a claim's state."""
    return {
        "open": ("wait", _("chờ trả lời")),
        "met": ("ok", _("nhà mạng đã chấp nhận")),
        "refused": ("bad", _("nhà mạng từ chối")),
        "withdrawn": ("plain", _("đã rút")),
    }[code]


def loss_state(code: str) -> tuple[str, str]:
    """Return the kind of badge and the words of a loss's state."""
    return {
        "asked": ("wait", _("chờ duyệt")),
        "approved": ("ok", _("đã duyệt, đã ghi sổ")),
        "refused": ("bad", _("không duyệt")),
        "reversed": ("bad", _("đã ghi đảo")),
    }[code]
