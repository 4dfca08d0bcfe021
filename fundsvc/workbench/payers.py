"""Who paid, as far as a line of the bank says: the name in it, and what knows a payer again."""

import re
from typing import Final

from fundsvc.text import fold
from fundsvc.workbench.likeness import without_code

_FEWEST, _MOST_WORDS = 2, 6
_LONGEST_WORD: Final = 9
_MACHINE_FIGURES: Final = 6
_SAID: Final = re.compile("[a-z0-9]+")
# Words that are said of giving and transferring; who gives stands before the first of them.
_GIVING: Final = re.compile(
    r"\b(?:ung ho|ungho|uh|dong gop|quyen gop|gop|tu thien|tai tro|ho tro|cuu tro|giup|xin|gui"
    r"|nop|ck|chuyen tien|chuyen khoan|ck tien"
    r"|chuyen(?= (?:ft|ung|uh|den|cho|tu|qua|so)))\b"
)
# What banks write before the memo of a payer. A name stands whole behind it: of its own words none
# is noise, for Sơn, Nam, Thắng, Dũng and Tiên are names.
_BEFORE: Final = re.compile(
    r"(?:mbvcb|vcb|mb|bidv|acb|tcb|vietcombank|vietinbank|agribank|techcombank|tpbank|vpbank"
    r"|momo|viettelpay|zalopay|ibft|napas|nhanh|ft|nd|noi dung|ts"
    r"|(?:ts|t5|7s)[a-z0-9]{8,10}|[a-z]*[0-9][a-z0-9]*"
    r"|(?:ck|ct|chuyen tien|chuyen khoan|nhan tien|nhan)(?: nhanh)?(?: 247)?(?: den)?(?: tu)?"
    r"|tien|den(?: tu)?|cua)(?: |$)"
)
_BANK_TOLD: Final = re.compile(r"\bct tu [0-9]+ ([^0-9]+?) toi\b", re.IGNORECASE)
_BANK_ONLY: Final = re.compile(r"\bct tu [0-9]+ .*$", re.IGNORECASE)
_ACCOUNT_MARKS: Final = re.compile(r"^VND-TGTT-|\s*[-–]\s*A/C$", re.IGNORECASE)
_PARTS: Final = re.compile(r"[^\w\s'’]+")
# Words of sentences that stand in no name.
_SENTENCE: Final = frozenset({"nguoi", "cac", "cho", "moi", "chung", "bi", "toi", "em", "duoc"})
_WISH: Final = frozenset(
    {"mong", "chuc", "chut", "cau", "thuong", "chia", "cam", "vi", "voi", "mot"}
)
"""Words with which a wish begins; further on they may be somebody's."""
_FAMILIES: Final = frozenset(
    {
        "nguyen", "tran", "le", "pham", "hoang", "huynh", "phan", "vu", "vo", "dang", "bui", "do",
        "ho", "ngo", "duong", "ly", "dao", "doan", "dinh", "trinh", "truong", "lam", "mai", "luong",
        "ha", "cao", "luu", "trieu", "chau", "quach", "thai", "phung", "vuong", "kieu",
        "thach", "nghiem", "nong", "bach", "lai", "khuong", "giang", "tang", "dam", "tong", "chu",
        "ton", "hua", "mac", "tieu", "lo", "lu",
    }
)  # fmt: skip
# What a payee of money out is known by, where no name stands: the words without these.
_NOISE: Final = frozenset(
    {
        "chuyen", "tien", "khoan", "ck", "ct", "ft", "ibft", "mbvcb", "vcb", "nhan", "tu", "den",
        "tai", "so", "tk", "stk", "nd", "noi", "dung", "gd", "giao", "dich", "qua", "napas",
        "ngan", "hang", "cho", "thang", "nam", "ngay", "ts", "thanh", "toan", "gui", "transfer",
        "from", "to", "payment", "ref", "trace", "bidv", "acb", "mb", "tcb", "vietcombank",
        "agribank",
    }
)  # fmt: skip


def name_in(counterparty: str, memo: str) -> str:
    """Return the name of a payer as the bank wrote it, empty when no words look like one.

    A counterparty that the bank tells is taken as it is; a memo is read up to its first words of
    giving ("BUI XUAN SON ung ho nha tinh nghia").
    """
    return told_by_bank(counterparty) or _in_memo(memo)


def told_by_bank(counterparty: str) -> str:
    """Return the counterparty that the bank tells, without its marks for an account."""
    told = _ACCOUNT_MARKS.sub("", " ".join(counterparty.split()))
    return told if any(mark.isalpha() for mark in told) else ""


def payer(counterparty: str, memo: str) -> str:
    """Return what tells the payer of a line from others, folded; empty when nothing does.

    A memo tells one by the name in it alone: its other words are those of many givers.
    """
    known = counterparty if counterparty.strip() else _in_memo(memo)
    return " ".join(_SAID.findall(fold(known)))


def payee(counterparty: str, memo: str) -> str:
    """Return what tells the payee of a line from others: a name, else what the memo is about."""
    if known := payer(counterparty, memo):
        return known
    said = _SAID.findall(fold(without_code(memo)))
    words = [word for word in said if word.isalpha() and word not in _NOISE]
    return " ".join(words[:_MOST_WORDS]) if len(words) >= _FEWEST else ""


def _in_memo(memo: str) -> str:
    text = " ".join(without_code(memo).split())
    if told := _BANK_TOLD.search(_plain(text)):
        # The bank itself writes whose account the money came from.
        return _a_name(text[slice(*told.span(1))].split(), sure=True)
    for part in _PARTS.split(text[: _end(text)]):
        words = part.split()
        if not words or _of_a_machine(words[0]):
            continue
        words = words[_noise_before(words) :]
        if words:
            return _first_name(words)
    return ""


def _first_name(words: list[str]) -> str:
    """Return the name with which some words begin."""
    plain = " ".join(_plain(word) for word in words)
    giving = _GIVING.search(plain)
    named = words[: plain[: giving.start()].count(" ")] if giving else words
    figures = next((n for n, word in enumerate(named) if not word.isalpha()), len(named))
    return _a_name(named[:figures], sure=giving is not None)


def _a_name(words: list[str], *, sure: bool) -> str:
    """Return words as a name if they can be one; unless `sure`, they begin with a family's."""
    said = [fold(word) for word in words]
    if not _FEWEST <= len(words) <= _MOST_WORDS or any(len(one) > _LONGEST_WORD for one in said):
        return ""
    if said[0] in _WISH or not _SENTENCE.isdisjoint(said):
        return ""
    return " ".join(words) if sure or said[0] in _FAMILIES else ""


def _noise_before(words: list[str]) -> int:
    """Return how many words at the beginning are the bank's."""
    rest = plain = " ".join(_plain(word) for word in words)
    while found := _BEFORE.match(rest):
        rest = rest[found.end() :]
    return len(words) - len(rest.split()) if rest != plain else 0


def _of_a_machine(word: str) -> bool:
    """Say whether a word is a number of a machine to which letters are glued."""
    return not word.isdigit() and sum(map(str.isdigit, word)) >= _MACHINE_FIGURES


def _end(text: str) -> int:
    """Return where a memo ends and what the bank says of the accounts begins."""
    found = _BANK_ONLY.search(_plain(text))
    return found.start() if found else len(text)


def _plain(text: str) -> str:
    """Return a text folded letter by letter, so that places in it stay the same."""
    return "".join((fold(mark) or " ")[0] for mark in text)
