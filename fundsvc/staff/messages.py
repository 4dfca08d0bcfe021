"""What Flask-Security says, in the words of this service; English comes from the catalogue."""

from typing import Final


def _(text: str) -> str:
    """Mark a text for the catalogue; Flask-Security translates it when it is shown."""
    return text


MESSAGES: Final = {
    "API_ERROR": (_("Yêu cầu không đúng dạng."), "error"),
    "GENERIC_AUTHN_FAILED": (_("Tên đăng nhập hoặc mật khẩu không đúng."), "error"),
    "USER_DOES_NOT_EXIST": (_("Tên đăng nhập hoặc mật khẩu không đúng."), "error"),
    "DISABLED_ACCOUNT": (_("Tên đăng nhập hoặc mật khẩu không đúng."), "error"),
    "INVALID_PASSWORD": (_("Mật khẩu không đúng."), "error"),
    "PASSWORD_MISMATCH": (_("Mật khẩu không đúng."), "error"),
    "EMAIL_NOT_PROVIDED": (_("Xin nhập tên đăng nhập."), "error"),
    "PASSWORD_NOT_PROVIDED": (_("Xin nhập mật khẩu."), "error"),
    "RETYPE_PASSWORD_MISMATCH": (_("Hai lần nhập mật khẩu không giống nhau."), "error"),
    "PASSWORD_IS_THE_SAME": (_("Mật khẩu mới phải khác mật khẩu cũ."), "error"),
    "PASSWORD_CHANGE": (
        _("Đã đổi mật khẩu. Mọi phiên đăng nhập khác đã kết thúc."),
        "success",
    ),
    "INVALID_REDIRECT": (_("Địa chỉ chuyển đến không hợp lệ."), "error"),
    "UNAUTHORIZED": (_("Tài khoản này không có quyền xem trang đó."), "error"),
    "UNAUTHENTICATED": (_("Xin đăng nhập để xem trang đó."), "info"),
    "LOGIN": (_("Xin đăng nhập để xem trang đó."), "info"),
    "REFRESH": (_("Xin nhập lại mật khẩu để tiếp tục."), "info"),
    "REAUTHENTICATION_REQUIRED": (_("Xin nhập lại mật khẩu để tiếp tục."), "info"),
    "REAUTHENTICATION_SUCCESSFUL": (_("Đã xác nhận mật khẩu."), "success"),
    "ANONYMOUS_USER_REQUIRED": (_("Trang đó chỉ dùng khi chưa đăng nhập."), "error"),
    "INVALID_CODE": (_("Mã không đúng."), "error"),
    "INVALID_RECOVERY_CODE": (_("Mã dự phòng không đúng hoặc đã dùng."), "error"),
    "NO_RECOVERY_CODES_SETUP": (_("Chưa có mã dự phòng."), "info"),
    "TWO_FACTOR_INVALID_TOKEN": (_("Mã không đúng hoặc đã dùng."), "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (_("Đã đăng nhập."), "success"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
        _("Đã bật xác thực hai bước. Hãy tạo mã dự phòng và cất nơi an toàn."),
        "success",
    ),
    "TWO_FACTOR_PERMISSION_DENIED": (_("Bước này đã hết hạn. Xin đăng nhập lại."), "error"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (_("Xin chọn một cách có trong danh sách."), "error"),
    "TWO_FACTOR_DISABLED": (_("Đã tắt xác thực hai bước."), "success"),
    "TWO_FACTOR_SETUP_EXPIRED": (_("Đã quá %(within)s. Xin làm lại từ đầu."), "error"),
}
