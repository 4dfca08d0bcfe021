"""What the columns of files of messages are called on pages."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext

LABELS: Final[Mapping[str, Any]] = {
    "operator": lazy_gettext("Nhà mạng"),
    "request_id": lazy_gettext("Mã tin (mã giao dịch)"),
    "msisdn": lazy_gettext("Số điện thoại"),
    "short_code": lazy_gettext("Đầu số"),
    "message": lazy_gettext("Nội dung tin nhắn"),
    "received_at": lazy_gettext("Thời điểm nhận"),
    "amount": lazy_gettext("Số tiền"),
    "status": lazy_gettext("Trạng thái"),
    "province": lazy_gettext("Tỉnh, thành phố"),
}


def heading(field: str | None, headings: Mapping[str, str]) -> str:
    """Return what people know a field by: as it is headed in their file, else our own word."""
    return headings.get(field or "") or str(LABELS.get(field or "", field or ""))
