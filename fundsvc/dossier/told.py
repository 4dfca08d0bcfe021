"""What the dossier's facts are called for people: purposes, ways, reasons and acts in words."""

from flask_babel import gettext as _

from fundsvc.audit.models import Act
from fundsvc.donors import doubles


def purposes() -> dict[str, str]:
    """Return what donors may agree to, in words."""
    return {
        "named": _("Được nêu tên công khai"),
        "written": _("Nhận thư của hội"),
        "kept": _("Hội lưu giữ thông tin liên hệ"),
    }


def words() -> dict[str, str]:
    """Return what is read out or shown for each purpose, unless other words are typed."""
    return {
        "named": _("Tôi đồng ý để hội nêu tên tôi trong danh sách người ủng hộ công khai."),
        "written": _("Tôi đồng ý nhận thư của hội về việc sử dụng tiền ủng hộ."),
        "kept": _("Tôi đồng ý để hội lưu giữ thông tin liên hệ của tôi."),
    }


def ways() -> dict[str, str]:
    """Return how a donor may say it."""
    return {
        "person": _("nói trực tiếp"),
        "phone": _("qua điện thoại"),
        "letter": _("bằng thư hoặc e-mail"),
        "form": _("trên phiếu giấy"),
        "online": _("trên trang ủng hộ"),
    }


def kinds() -> dict[str, str]:
    """Return the kinds of donors."""
    return {"person": _("Cá nhân"), "organisation": _("Tổ chức")}


def reasons() -> dict[str, str]:
    """Return why two records may be one donor."""
    return {
        doubles.PHONE: _("cùng số điện thoại"),
        doubles.EMAIL: _("cùng e-mail"),
        doubles.ADDRESS: _("cùng tên và địa chỉ"),
        doubles.NAME: _("cùng tên"),
    }


def fields() -> dict[str, str]:
    """Return what is written down about a donor."""
    return {
        "name": _("họ tên"),
        "kind": _("loại"),
        "address": _("địa chỉ"),
        "phone": _("số điện thoại"),
        "email": _("e-mail"),
    }


def act(done: Act) -> str:
    """Return what was done, in a phrase."""
    facts = done.facts
    changed = ", ".join(fields().get(name, name) for name in facts.get("changed", ()))
    purpose = purposes().get(str(facts.get("purpose")), "")
    phrases = {
        "donor.edit": _("Sửa hồ sơ: %(what)s", what=changed),
        "donor.merge": _("Gộp hồ sơ số %(id)s vào hồ sơ này", id=facts.get("merged")),
        "donor.part": _("Tách lại hồ sơ số %(id)s", id=facts.get("parted")),
        "donor.consent": (
            _("Ghi sự đồng ý: %(what)s", what=purpose)
            if facts.get("given")
            else _("Ghi việc không đồng ý: %(what)s", what=purpose)
        ),
        "donor.contact": _("Xem số điện thoại và e-mail đầy đủ"),
        "donor.export": _("Xuất dữ liệu (%(form)s)", form=str(facts.get("format", "")).upper()),
        "donor.erasure.ask": _("Đề nghị xóa dữ liệu"),
        "donor.erasure.approve": _("Duyệt xóa dữ liệu"),
        "donor.erasure.refuse": _("Từ chối xóa dữ liệu"),
        "donor.erasure.withdraw": _("Rút đề nghị xóa dữ liệu"),
    }
    return phrases.get(done.kind, done.kind)
