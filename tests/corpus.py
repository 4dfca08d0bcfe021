"""Hostile input, written by hand: what generators miss and parsers get wrong.

Each entry was a bug somewhere: `int("١")` is 1, `int("1_000")` is 1000, `Decimal("1.000")` is 1,
`"²".isdigit()` is true, a NUL reaches the database driver, a lone surrogate cannot be encoded.
Tests drive every parser, command and form through these lists.
"""

import io
import zipfile
import zlib

BIG = 100_000

# Amounts that no parser of this service may take for a number, whatever it does with the rest.
NEVER_AMOUNTS = (
    "",
    " ",
    "\t",
    "-",
    "+",
    ".",
    ",",
    "0x10",
    "0b1",
    "0o7",
    "1e3",
    "1E3",
    "1_000",
    "1__0",
    "1.000e3",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "null",
    "None",
    "true",
    "²",
    "1²",
    "½",
    "Ⅷ",
    "١",
    "١٠٠٠",
    "၁၀၀",
    "1\u00a0000\u00a0",
    "1\u200b000",
    "1\x00000",
    "1000\x00",
    "\ud8001000",
    "1000\udfff",
    "１０００",
    "𝟏𝟎𝟎𝟎",
    "−1000",
    "--1",
    "+-1",
    "1-",
    "(1000)",
    "1..000",
    "1.00.000",
    "1.0000",
    "10.00",
    "1,5",
    "1 00 000",
    "1.000,50",
    "1'000",
    "1/2",
    "1;000",
    "1000 VND 5",
    "1.000.000 USD",
    "=1+1",
    "=1000",
    "@1000",
    "một triệu",
    "1000\n2000",
    "1000\r\n",
    "0" * BIG + "1",
    "9" * 400,
    "9223372036854775808",
    "18446744073709551616",
    "1000000000000001",
    "340282366920938463463374607431768211456",
)

# What may be read as money by some grammars, and then as exactly this.
AMOUNTS = (
    ("1", 1),
    ("1000", 1_000),
    ("1.000", 1_000),
    ("1 000", 1_000),
    (" 12 ", 12),
    ("1.000.000", 1_000_000),
    ("1 000 000", 1_000_000),
    ("1000000000000000", 10**15),
    ("1.000.000.000.000.000", 10**15),
)

# Amounts below what a gift can be; a parser may know the form and must refuse the value.
NOT_POSITIVE = ("0", "00", "0.000", "-0", "-1", "-1.000", "+0")

# Texts that cannot be kept: refuse them with a reason, or (where said) keep what is left of them.
UNKEEPABLE = (
    "a\x00b",
    "\x00",
    "a\x01b",
    "a\x1bb",
    "\x7f",
    "\ud800",
    "a\udfffb",
    "\udbff\udbff",
    "\u202eneyuẬN",
    "\u2066ẩn\u2069",
    "\ufffe",
    "\uffff",
)

# Texts that are odd and must come back as they went in (after NFC, and blanks set right).
ODD = (
    "Nguyễn Văn Đức",
    "Nguye\u0302\u0303n Va\u0306n Đu\u031b\u0301c",
    "Trường Sơn — “Nghĩa tình” …",
    "hoà và hòa",
    "O'Brien; DROP TABLE donor; --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&amp; &lt; &#39; \"'",
    "{{ 7*7 }} {% raw %}",
    "%(amount)s %s %d {0} {amount}",
    "../../../../etc/passwd",
    "C:\\CON\\NUL",
    "'\"`\\",
    "đồng ₫ € 😀 👨‍👩‍👧",
    "\u200bẩn\u200b",
    "\ufeffđầu tệp",
    "الصندوق",
    "a" * 200,
    "ạ̃" * 20,
)

# What a spreadsheet would run when a cell begins with it.
FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://example.invalid","x")',
    "+84912345678",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "\t=1+1",
    "=cmd|' /C calc'!A0",
)

LONG = ("x" * BIG, "đ" * BIG, " " * BIG, "\u0301" * BIG, "," * BIG)

TEXTS = (*UNKEEPABLE, *ODD, *FORMULAS, *LONG)

# Days that are none, or not ones the books can mean.
NEVER_DAYS = (
    "0",
    "2024",
    "2024-13-01",
    "2024-02-30",
    "2023-02-29",
    "30/02/2024",
    "31/04/2024",
    "00/00/0000",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "99999-01-01",
    "2024-1-1T00:00",
    "2024-01-01\x00",
    "٢٠٢٤-٠١-٠١",
    "２０２４-01-01",
    "01/13/2024",
    "1-1-24",
    "today",
    "-2024-01-01",
    "\ud800",
    "9" * BIG,
)

# Identifiers in addresses and forms.
NEVER_KEYS = ("", "\x00", "..", "../x", "%00", "\ud800", "0", "-1", "9" * 30, "1e3", "²", "x" * BIG)


def nested_json(depth: int = 200_000) -> bytes:
    """Return JSON nested so deep that Python's own parser gives up with a RecursionError."""
    return b"[" * depth + b"]" * depth


def zip_bomb(megabytes: int = 300) -> bytes:
    """Return a small ZIP that looks like a workbook and unpacks to very much."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(megabytes):
                sheet.write(b" " * 1_048_576)
    return out.getvalue()


def png() -> bytes:
    """Return the smallest picture there is."""
    return (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
        b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4"
        b"\x00\x00\x00\x00IEND\xaeB`\x82"
    )


# Files that are none of ours, whatever reader they are given to.
FILES: dict[str, bytes] = {
    "empty": b"",
    "one blank": b" ",
    "one line end": b"\n",
    "only a mark": b"\xef\xbb\xbf",
    "NUL": b"\x00",
    "NULs": b"\x00" * 10_000,
    "UTF-16": "operator,request_id\nviettel,1\n".encode("utf-16"),
    "UTF-32": "operator,request_id\nviettel,1\n".encode("utf-32"),
    "windows-1258": "Số tiền,Nội dung\n1000,Nguyễn\n".encode("cp1258", "replace"),
    "not UTF-8": b"\xff\xfe\xfd,\x80\x81\n\xc3\x28\n",
    "overlong": b"a,b\n\xc0\xaf,1\n",
    "surrogate in UTF-8": b"a,b\n\xed\xa0\x80,1\n",
    "binary": bytes(range(256)) * 64,
    "PDF": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "PNG": png(),
    "ZIP": zip_bomb(1),
    "gzip": b"\x1f\x8b" + zlib.compress(b"0" * 1_000_000),
    "XML with entities": (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        b'<!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    ),
    "XML outside": (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    ),
    "HTML": b"<!doctype html><title>x</title><script>alert(1)</script>",
    "JSON": b'{"rows": []}',
    "deep JSON": nested_json(),
    "only commas": b"," * 100_000,
    "only quotes": b'"' * 100_001,
    "open quote": b'a,b\n"1,2\n3,4\n',
    "quote within": b'a,b\n1"2,3\n',
    "bare CR": b"a,b\r1,2\r3,4",
    "one giant line": b"x" * 5_000_000,
    "giant field": b"a,b\n" + b'"' + b"x" * 2_000_000 + b'",1\n',
    "many columns": b",".join(b"c%d" % n for n in range(20_000)) + b"\n",
    "many lines": b"a,b\n" + b"1,2\n" * 200_000,
    "semicolons": b"a;b;c\n1;2;3\n",
    "tabs": b"a\tb\tc\n1\t2\t3\n",
}


def spoilt(good: bytes, encoding: str = "utf-8") -> dict[str, bytes]:
    """Return ways to spoil a good CSV file; each must be refused as a whole or by its rows.

    `good` has a header and at least two rows, and is itself accepted.
    """
    text = good.decode(encoding)
    lines = text.splitlines()
    header, first = lines[0], lines[1]
    columns = header.split(",")
    return {
        "header only": (header + "\n").encode(encoding),
        "no header": "\n".join(lines[1:]).encode(encoding),
        "column missing": ("\n".join([",".join(columns[1:]), *lines[1:]])).encode(encoding),
        "column twice": ("\n".join([header + "," + columns[0], *lines[1:]])).encode(encoding),
        "row short": ("\n".join([header, first.rpartition(",")[0], *lines[2:]])).encode(encoding),
        "row long": ("\n".join([header, first + ",x,y", *lines[2:]])).encode(encoding),
        "NUL in a cell": text.replace(first, first[:3] + "\x00" + first[3:], 1).encode(encoding),
        "bad byte in a row": text.encode(encoding) + b"\xff\xfe\n",
        "UTF-16": text.encode("utf-16"),
        "cut in a quote": (text + '"abc').encode(encoding),
        "giant cell": (text + "x" * 1_000_000 + "\n").encode(encoding),
        "blank rows": ("\n".join([header, "", "", *lines[1:], ""])).encode(encoding),
        "twice on end": (text + text).encode(encoding),
    }
