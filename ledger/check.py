"""Check a list of heads and proofs without trusting the service that made them.

    python -m ledger.check heads.csv [--proof proof.json …] [--published NUMBER:HEAD …]

It needs Python and the file `ledger/seals.py` beside it, nothing else. It says what holds and what
does not, and ends with 1 if anything does not.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger.seals import NO_HEAD, Seal, included, leaf

COLUMNS = (
    "seal", "head", "before", "root", "first_entry", "last_entry", "entries", "debit", "credit",
    "sealed_at",
)  # fmt: skip
LARGEST_LEAF = 1 << 20
STATED = re.compile(r"[0-9]{1,18}:[0-9A-Fa-f]{16,64}", re.ASCII)
"""A head as papers print it: at least its first 16 letters, or it proves nothing."""
LABELS = (
    "bút toán số", "ngày", "loại", "diễn giải", "đơn vị", "tỉnh", "nguồn", "mã của nguồn",
    "ghi sổ lúc", "ghi đảo bút toán số", "chứng từ", "người lập", "người duyệt",
    "cam kết về người ủng hộ hoặc chứng từ",
)  # fmt: skip
"""What the fields of an entry are, after its version and before its files and postings."""
POSTING = ("dòng", "tài khoản", "loại", "dòng báo cáo", "quỹ", "đơn vị", "Nợ", "Có")
NOT_CANONICAL = "nội dung không ở dạng chuẩn"
_FIELD = re.compile(rb"([0-9]{1,9}):")


class NoListError(ValueError):
    """A file is not a list of seals that proves anything; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("heads", type=Path, help="danh sách niêm phong (CSV)")
    parser.add_argument("--proof", type=Path, action="append", default=[], help="bằng chứng (JSON)")
    parser.add_argument(
        "--published", action="append", default=[], metavar="NUMBER:HEAD",
        help="số niêm phong và mã đã công bố trước đây, như in trên biên nhận",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    proved: list[list[str]] = []
    try:
        heads = dict(read_heads(given.heads))
        faults = [*broken(heads), *unlike(heads, given.published)]
        for path in given.proof:
            proof = json.loads(path.read_text(encoding="utf-8"))
            refutation = list(refuted(proof, heads))
            faults += refutation
            if not refutation:
                proved.append(list(told(str(proof["hashed"]))))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        print(f"không đọc được: {error}", file=sys.stderr)
        return 1
    except csv.Error as error:
        print(f"không đọc được: {error}", file=sys.stderr)
        return 1
    for fault in faults:
        print(fault)
    if not faults:
        for lines in proved:
            print("Được chứng minh:", *lines, sep="\n  ")
        print(
            f"Đúng: {len(heads)} niêm phong nối liền nhau, {len(given.proof)} bằng chứng,"
            f" {len(given.published)} mã đã công bố."
        )
        if min(heads) > 1:
            print(
                f"Danh sách bắt đầu từ niêm phong số {min(heads)};"
                " phần trước không kiểm được từ tệp này."
            )
    return 1 if faults else 0


def read_heads(path: Path) -> Iterator[tuple[int, tuple[Seal, str]]]:
    """Yield each seal of a list, and the head that the list states for it, by number.

    Raises:
        NoListError: the file is no such list, names no seal, or names one twice.
        ValueError: what it says of a seal cannot be read.
    """
    seen: set[int] = set()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            msg = f"không phải danh sách niêm phong: thiếu cột {', '.join(missing)}"
            raise NoListError(msg)
        for row in rows:
            number = int(row["seal"])
            if number in seen:
                msg = f"niêm phong số {number} đứng hai lần trong danh sách"
                raise NoListError(msg)
            seen.add(number)
            yield (
                number,
                (
                    Seal(
                        number=number,
                        before=row["before"],
                        root=row["root"],
                        first_entry=int(row["first_entry"]),
                        last_entry=int(row["last_entry"]),
                        entries=int(row["entries"]),
                        debit=int(row["debit"]),
                        credit=int(row["credit"]),
                        sealed_at=row["sealed_at"],
                    ),
                    row["head"],
                ),
            )
    if not seen:
        msg = "danh sách không có niêm phong nào, không chứng minh được gì"
        raise NoListError(msg)


def broken(heads: dict[int, tuple[Seal, str]]) -> Iterator[str]:
    """Tell where the chain is broken; it may begin with any seal, but has no gap."""
    first = min(heads, default=1)
    head = NO_HEAD if first == 1 else None
    for number in range(first, first + len(heads)):
        if number not in heads:
            yield f"thiếu niêm phong số {number}"
            return
        seal, stated = heads[number]
        if head is not None and seal.before != head:
            yield f"niêm phong số {number} không nối với niêm phong trước"
        if seal.head != stated:
            yield f"niêm phong số {number}: mã tính lại không bằng mã ghi trong danh sách"
        head = stated


def unlike(heads: dict[int, tuple[Seal, str]], published: list[str]) -> Iterator[str]:
    """Tell which heads published earlier are not those of the list."""
    for text in published:
        if not STATED.fullmatch(text):
            yield f"{text}: viết số niêm phong, dấu hai chấm, rồi ít nhất 16 chữ của mã"
            continue
        number, _colon, head = text.partition(":")
        found = heads.get(int(number))
        # A receipt prints the beginning of a head; so much of it must agree.
        if found is None or not found[1].startswith(head.lower()):
            yield f"niêm phong số {number} không giống mã đã công bố {head}"


def refuted(proof: dict[str, Any], heads: dict[int, tuple[Seal, str]]) -> Iterator[str]:
    """Tell what of a proof does not hold."""
    entry, seal = proof["entry"], Seal(**proof["seal"])
    text = str(proof["hashed"])
    if len(text) > LARGEST_LEAF or leaf(text).hex() != proof["leaf"]:
        yield f"bút toán {entry}: nội dung không băm ra mã lá"
        return
    if not text.startswith(f"15:fundsvc-entry-1,{len(str(entry))}:{entry},"):
        yield f"bút toán {entry}: nội dung là của bút toán khác"
    way = included(
        bytes.fromhex(proof["leaf"]), proof["place"], proof["size"], proof["path"], seal.root
    )
    if not way or proof["size"] != seal.entries:
        yield f"bút toán {entry}: đường đi không dẫn tới gốc của niêm phong {seal.number}"
    if seal.number not in heads or heads[seal.number] != (seal, seal.head):
        yield f"bút toán {entry}: niêm phong {seal.number} không có trong danh sách"


def told(hashed: str) -> Iterator[str]:
    """Yield what was hashed of an entry, line by line: each value under its name.

    Raises:
        ValueError: it is not in canonical form.
    """
    values = parts(hashed)
    next(values, None)  # The version, which the caller has compared.
    for label in LABELS:
        yield f"{label}: {_value(values)}"
    files = _count(values)
    yield f"số tệp: {files}"
    for number in range(1, files + 1):
        yield f"SHA-256 của tệp {number}: {_value(values)}"
    postings = _count(values)
    yield f"số dòng định khoản: {postings}"
    for _posting in range(postings):
        yield "; ".join(f"{label} {_value(values)}" for label in POSTING)
    if next(values, values) is not values:
        raise ValueError(NOT_CANONICAL)


def parts(hashed: str) -> Iterator[str | None]:
    """Yield the fields of what was hashed of an entry; None for one that holds nothing.

    Raises:
        ValueError: it is not in canonical form.
    """
    data = hashed.encode("utf-8", "surrogatepass")
    at = 0
    while at < len(data):
        if data.startswith(b"-,", at):
            at += 2
            yield None
            continue
        found = _FIELD.match(data, at)
        end = found.end() + int(found[1]) if found else at
        if found is None or data[end : end + 1] != b",":
            raise ValueError(NOT_CANONICAL)
        yield data[found.end() : end].decode("utf-8", "replace")
        at = end + 1


def _value(values: Iterator[str | None]) -> str:
    try:
        found = next(values)
    except StopIteration:
        raise ValueError(NOT_CANONICAL) from None
    return "không ghi" if found is None else found


def _count(values: Iterator[str | None]) -> int:
    found = _value(values)
    if not re.fullmatch(r"[0-9]{1,4}", found, re.ASCII):
        raise ValueError(NOT_CANONICAL)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
