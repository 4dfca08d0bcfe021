#!/usr/bin/env python3
"""Feed broken bank files to every parser for a while: each is read or refused, never an error.

usage: scripts/fuzz_bank.py [--seconds 600] [--seed 1] [--parser csv xlsx mt940 camt053 ofx]

Each round takes a sample of our own, changes it in one to eight places (bytes turned, cut out,
doubled, swapped with pieces of another sample or with tokens that parsers trip over) and reads it
whole. Whatever is neither lines nor a refusal ends the run with the file kept beside.
"""

import argparse
import io
import random
import sys
import time
import zipfile
from csv import reader
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import xlsxwriter

from fundsvc.errors import Refusal
from fundsvc.reconciliation.formats import read_file
from fundsvc.reconciliation.summary import Summary, compare
from ledger.money import MAX_DONG

DATA = ROOT / "tests" / "data" / "bank"
TODAY = date(2026, 11, 27)
PARSERS = ("csv", "xlsx", "mt940", "camt053", "ofx")
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xd9\xa3", b"-", b"+", b"1e9", b"NaN",
    b"9" * 40, b'"', b"\r", b"\n:61:", b":62F:", b"<![CDATA[", b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"&a;", b"&#0;", b"&#x110000;", b"</STMTTRN>", b"<STMTTRN>", b"<Ntry>", b"31/02/2024", b",,,,",
    b"=1+1", b"1.000,00", b"-}", b"{4:", b"?20?31", b"00000000",
)  # fmt: skip


def main() -> None:
    """Read the command line and go through the parsers, each for its time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parser", nargs="+", choices=PARSERS, default=PARSERS)
    arguments = parser.parse_args()
    found = samples()
    for name in arguments.parser:
        fuzz(name, found, arguments.seconds, random.Random(arguments.seed))  # noqa: S311 - no secret


def samples() -> dict[str, list[bytes]]:
    """Return the files that are changed, by parser."""
    head = "STT,Ngày hiệu lực,Ghi nợ,Ghi có,Số dư,Mô tả\r\n"
    bidv = head + '1,01/09/2024,,"50,000.00","150,000.00",x\r\nTổng cộng,,0,"50,000.00",,\r\n'
    csv = [
        b"\r\n".join((DATA / f"{bank}-2024-09.csv").read_bytes().split(b"\r\n")[:6])
        for bank in ("vietcombank", "agribank", "vietinbank")
    ]
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for _sheet in range(2):
        sheet = book.add_worksheet()
        for row, cells in enumerate(reader(bidv.splitlines())):
            sheet.write_row(row, 0, cells)
        sheet.write_number(1, 3, 50_000)
    book.close()
    return {
        "csv": [*csv, bidv.encode()],
        "xlsx": [out.getvalue()],
        "mt940": [(DATA / "shapes.mt940").read_bytes()],
        "camt053": [(DATA / "shapes.camt053.xml").read_bytes()],
        "ofx": [(DATA / "shapes.ofx").read_bytes()],
    }


def fuzz(name: str, found: dict[str, list[bytes]], seconds: float, chance: random.Random) -> None:
    """Change and read samples of one parser until its time is over; tell what became of them."""
    others = [data for every in found.values() for data in every]
    end = time.monotonic() + seconds
    rounds = refused = read = 0
    while time.monotonic() < end:
        sample = chance.choice(found[name])
        data = within(sample, others, chance) if name == "xlsx" else changed(sample, others, chance)
        rounds += 1
        try:
            lines = whole(data)
        except Refusal:
            refused += 1
        except BaseException:
            place = Path(f"fuzz-{name}-{rounds}.bin").resolve()
            place.write_bytes(data)
            print(f"{name}: an error in round {rounds}; the file is {place}", flush=True)
            raise
        else:
            read += bool(lines)
    print(f"{name}: {rounds:,} files, {refused:,} refused whole, {read:,} with lines, no error")


def whole(data: bytes) -> int:
    """Read a file as an import does; return how many lines it has.

    Raises:
        Refusal: it cannot be read.
    """
    file = read_file(data, layout=None, bank="", today=TODAY)
    summary = Summary()
    for line in file:
        assert (line.debit == 0) != (line.credit == 0)  # noqa: S101 - what is looked for
        assert 0 <= line.debit <= MAX_DONG  # noqa: S101 - as above
        assert 0 <= line.credit <= MAX_DONG  # noqa: S101 - as above
        line.memo.encode()
        summary.add(line)
    summary.turn()
    compare(summary, file.said)
    return summary.lines


def changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a file with some places changed."""
    new = bytearray(data)
    for _change in range(chance.randint(1, 8)):
        start = chance.randrange(len(new) + 1)
        end = min(len(new), start + chance.randint(0, 40))
        way = chance.randrange(6)
        if way == 0:
            new[start:end] = b""
        elif way == 1:
            new[start:start] = new[start:end] * chance.randint(1, 3)
        elif way == 2:
            new[start:end] = chance.choice(TOKENS)
        elif way == 3:
            other = chance.choice(others)
            place = chance.randrange(len(other))
            new[start:end] = other[place : place + 40]
        elif way == 4 and start < len(new):
            new[start] = chance.randrange(256)
        else:
            new[start:] = new[start:] if chance.random() < 0.8 else b""
    return bytes(new)


def within(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a workbook with a file in it changed, or its own bytes."""
    if chance.random() < 0.2:
        return changed(data, others, chance)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(out, "w") as new:
        names = book.namelist()
        hit = chance.choice(names)
        for name in names:
            text = book.read(name)
            new.writestr(name, changed(text, others, chance) if name == hit else text)
    return out.getvalue()


if __name__ == "__main__":
    main()
