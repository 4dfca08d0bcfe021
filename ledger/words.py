"""Amounts as vouchers and receipts must state them: in Vietnamese words, and in figures."""

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES = ("", "nghìn", "triệu")
_BILLION = 10**9
_UNIT, _FOUR, _FIVE = 1, 4, 5


def amount_in_words(amount: int) -> str:
    """Return a whole number in Vietnamese words, without the word đồng.

    House style: linh, tư, nghìn, tỷ (1.020.000 is "một triệu không trăm hai mươi nghìn").
    A negative amount begins with "âm".
    """
    if amount < 0:
        return f"âm {amount_in_words(-amount)}"
    if amount == 0:
        return _DIGITS[0]
    return " ".join(_words(amount, full=False))


def _words(number: int, *, full: bool) -> list[str]:
    """Spell a number; `full` keeps the leading zeros of what follows a larger part."""
    if number >= _BILLION:
        head, rest = divmod(number, _BILLION)
        tail = _words(rest, full=True) if rest else []
        return [*_words(head, full=full), "tỷ", *tail]
    words: list[str] = []
    for scale in (2, 1, 0):
        group = number // 1000**scale % 1000
        if group:
            words += _group(group, full=full or bool(words))
            words += [_SCALES[scale]] if scale else []
    return words


def _group(number: int, *, full: bool) -> list[str]:
    """Spell 1…999; `full` says the hundreds even when they are zero."""
    hundreds, tens, unit = number // 100, number // 10 % 10, number % 10
    words = [_DIGITS[hundreds], "trăm"] if hundreds or full else []
    if tens > 1:
        words += [_DIGITS[tens], "mươi"]
    elif tens == 1:
        words.append("mười")
    elif unit and words:
        words.append("linh")
    if unit == _UNIT and tens > 1:
        words.append("mốt")
    elif unit == _FOUR and tens > 1:
        words.append("tư")
    elif unit == _FIVE and tens:
        words.append("lăm")
    elif unit:
        words.append(_DIGITS[unit])
    return words


def grouped(amount: int) -> str:
    """Return a whole number in figures with dots between thousands (1.020.000)."""
    return f"{amount:,}".replace(",", ".")
