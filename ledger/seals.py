"""Seals: what is hashed of an entry, the tree over a batch of entries, and the chain of heads.

Version 1, in words that a script of fifty lines can follow; `docs/seals.md` tells where each field
stands, in which order files come, and how units, funds and provinces are written:

- A *field* is written as its length in bytes of UTF-8, a colon, the bytes and a comma
  (`5:nghia,`); a field that holds nothing (NULL) is `-,`.
- The *leaf* of an entry is SHA-256 of the byte 0 and these fields: `fundsvc-entry-1`, number,
  date, kind, description, unit, province, source, external id, posted at (UTC, microseconds),
  number of the entry it reverses, voucher, maker, approver, donor commitment, number of evidence
  files, the SHA-256 of each in order; number of postings, and for each in order: line, account,
  type of the account, line of the fund statement, fund, unit, debit, credit.
- The *root* over the leaves of a batch, in order of entry numbers, is the Merkle tree hash of
  RFC 9162, section 2.1: a node is SHA-256 of the byte 1, its left and its right child; the left
  subtree takes the largest power of two of leaves that leaves something to the right.
- The *head* is SHA-256 of the fields `fundsvc-seal-1`, number of the seal, head before it (64
  zeros for the first), root, first and last entry number, number of entries, sum of debits, sum of
  credits, sealed at.

A donor stands in a leaf only as a commitment: HMAC-SHA-256 under a salt that is kept with the
donor, so that erasing both changes no leaf and leaves nothing to tell. The entry of a voucher or
of a payment has no donor; in this place it has the commitment to what the voucher or the payment
says, names among it, under a salt that is kept with it. What a commitment is to, its first field
says.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Field: TypeAlias = "str | int | None"

NO_HEAD: Final = "0" * 64
"""What the first seal names as the head before it."""
NOTHING: Final = "-,"
_ENTRY: Final = "15:fundsvc-entry-1,"


@dataclass(frozen=True, slots=True)
class Seal:
    """A sealed batch of entries; sums are whole đồng, hashes lower-case hexadecimal.

    `sealed_at` is UTC in ISO 8601 with microseconds.
    """

    number: int
    before: str
    root: str
    first_entry: int
    last_entry: int
    entries: int
    debit: int
    credit: int
    sealed_at: str

    @property
    def head(self) -> str:
        """Return the head that this seal adds to the chain."""
        return hashlib.sha256(
            fields(
                "fundsvc-seal-1",
                self.number,
                self.before,
                self.root,
                self.first_entry,
                self.last_entry,
                self.entries,
                self.debit,
                self.credit,
                self.sealed_at,
            ).encode()
        ).hexdigest()


def field(value: Field) -> str:
    """Return one field in canonical form."""
    if value is None:
        return NOTHING
    text = value if type(value) is str else str(value)
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return f"{size}:{text},"


def fields(*values: Field) -> str:
    """Return fields in canonical form, one after the other."""
    return "".join(map(field, values))


def entry_text(header: str, evidence: Sequence[str], postings: Sequence[str]) -> str:
    """Return what is hashed of an entry.

    Args:
        header: the fields from the number to the donor commitment, in canonical form.
        evidence: the SHA-256 of its evidence files, in order.
        postings: each posting's fields in canonical form, in order of lines.
    """
    return (
        f"{_ENTRY}{header}{field(len(evidence))}{''.join(map(field, evidence))}"
        f"{field(len(postings))}{''.join(postings)}"
    )


def leaf(text: str) -> bytes:
    """Return the leaf of an entry, from what is hashed of it."""
    return hashlib.sha256(b"\0" + text.encode("utf-8", "surrogatepass")).digest()


def root(leaves: Sequence[bytes]) -> str:
    """Return the Merkle root over leaves, in hexadecimal.

    Raises:
        ValueError: there are none; nothing is never sealed.
    """
    if not leaves:
        msg = "a seal covers at least one entry"
        raise ValueError(msg)
    # Level by level: an odd node moves up as it is, which gives the tree of RFC 9162.
    level = list(leaves)
    while len(level) > 1:
        level = _level_above(level)
    return level[0].hex()


def inclusion(leaves: Sequence[bytes], place: int) -> list[str]:
    """Return the proof that the leaf at `place` is under the root: its siblings, lowest first.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= place < len(leaves):
        raise IndexError(place)
    level, proof = list(leaves), []
    while len(level) > 1:
        sibling = place ^ 1
        if sibling < len(level):
            proof.append(level[sibling].hex())
        level, place = _level_above(level), place // 2
    return proof


def included(leaf_hash: bytes, place: int, size: int, proof: Sequence[str], top: str) -> bool:
    """Say whether a proof leads from a leaf, at `place` of `size` leaves, to a root."""
    if not 0 <= place < size:
        return False
    try:
        siblings = [bytes.fromhex(step) for step in proof]
    except ValueError:
        return False
    found, rest = leaf_hash, iter(siblings)
    while size > 1:
        if place ^ 1 < size:
            sibling = next(rest, None)
            if sibling is None:
                return False
            left, right = (sibling, found) if place & 1 else (found, sibling)
            found = _node(left, right)
        place, size = place // 2, (size + 1) // 2
    return next(rest, None) is None and hmac.compare_digest(found.hex(), top)


def follows(older: str, seals: Iterable[Seal], newer: str) -> bool:
    """Say whether seals, in order, lead from one head to another: nothing between was changed."""
    head = older
    number: int | None = None
    for seal in seals:
        if seal.before != head or (number is not None and seal.number != number + 1):
            return False
        head, number = seal.head, seal.number
    return head == newer


def commitment(salt: str, *facts: Field, form: str = "fundsvc-donor-1") -> str:
    """Return the commitment to facts under a salt, in hexadecimal; `form` says what they are."""
    said = fields(form, *facts).encode("utf-8", "surrogatepass")
    return hmac.new(salt.encode(), said, "sha256").hexdigest()


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    above = [
        sha256(b"\1" + level[place] + level[place + 1]).digest()
        for place in range(0, len(level) - 1, 2)
    ]
    if len(level) % 2:
        above.append(level[-1])
    return above


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
