"""Recompute every seal from the tables alone, as `docs/seals.md` tells, with none of our code.

    python recompute.py books.sqlite

Python and its own library are all it needs. It is here to prove that the description is enough:
whoever wants to trust nothing of this service writes such a script, in any language.
"""

import hashlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

ENTRIES = """
SELECT entry.id, entry.date, entry.kind, entry.description, unit.code,
    (SELECT scheme || ':' || code FROM province WHERE id = entry.province_id),
    source, external_id, posted_at, reverses_id, voucher, maker_id, approver_id,
    (SELECT commitment FROM entry_donor WHERE entry_id = entry.id)
FROM entry JOIN unit ON unit.id = entry.unit_id
WHERE entry.id > ? AND entry.id <= ? ORDER BY entry.id
"""
POSTINGS = """
SELECT posting.line, account.code, account.type, account.line, fund.code, unit.code, debit, credit
FROM posting JOIN account ON account.id = account_id JOIN fund ON fund.id = fund_id
    JOIN unit ON unit.id = posting.unit_id
WHERE entry_id = ? ORDER BY posting.line
"""
EVIDENCE = "SELECT sha256 FROM entry_evidence WHERE entry_id = ? ORDER BY sha256"
OF_FILE = """
SELECT sms_file.sha256 FROM entry JOIN sms_message
    ON entry.source = 'sms:' || operator AND entry.external_id = request_id
    JOIN sms_file ON sms_file.id = sms_message.file_id
WHERE entry.id = ?1
UNION ALL SELECT file_sha256 FROM bank_line WHERE entry_id = ?1
"""
SEALS = """
SELECT number, root, first_entry, last_entry, entries, debit, credit, sealed_at, head FROM seal
ORDER BY number
"""


def fields(*values: object) -> bytes:
    """Write each value as its length in bytes, a colon, the bytes and a comma; nothing as `-,`."""
    return b"".join(
        b"-," if value is None else b"%d:%b," % (len(str(value).encode()), str(value).encode())
        for value in values
    )


def leaf(books: sqlite3.Connection, entry: tuple[object, ...]) -> bytes:
    """Hash an entry."""
    number = entry[0]
    files = [row[0] for row in books.execute(EVIDENCE, (number,))]
    files += [row[0] for row in books.execute(OF_FILE, (number,))]
    postings = list(books.execute(POSTINGS, (number,)))
    text = fields("fundsvc-entry-1", *entry) + fields(len(files), *files) + fields(len(postings))
    text += b"".join(fields(*posting) for posting in postings)
    return hashlib.sha256(b"\0" + text).digest()


def tree(leaves: list[bytes]) -> bytes:
    """Return the Merkle tree hash of RFC 9162, section 2.1.1."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + tree(leaves[:half]) + tree(leaves[half:])).digest()


def faults(file: Path) -> Iterator[str]:
    """Tell every seal that is not what the entries give."""
    books = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    before, last = "0" * 64, 0
    for number, root, first, end, count, debit, credit, sealed_at, head in books.execute(SEALS):
        entries = list(books.execute(ENTRIES, (last, end)))
        sums = books.execute(
            "SELECT sum(debit), sum(credit) FROM posting WHERE entry_id > ? AND entry_id <= ?",
            (last, end),
        ).fetchone()
        found = tree([leaf(books, entry) for entry in entries]).hex()
        told = number, before, found, entries[0][0], entries[-1][0], len(entries), *sums, sealed_at
        made = hashlib.sha256(fields("fundsvc-seal-1", *told)).hexdigest()
        if (found, first, (debit, credit), count) != (root, entries[0][0], sums, len(entries)):
            yield f"seal {number}: its entries are not what was sealed"
        elif made != head:
            yield f"seal {number}: its head is not what it is made of"
        before, last = head, end
    books.close()


if __name__ == "__main__":
    told = list(faults(Path(sys.argv[1])))
    print("\n".join(told) or "every seal is what the entries give")
    sys.exit(bool(told))
