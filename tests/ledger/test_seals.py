"""Leaves, roots, proofs and the chain of heads, checked against another way of computing them."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import check, seals

LEAVES = [hashlib.sha256(bytes([number])).digest() for number in range(40)]


def tree_hash(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash as RFC 9162, 2.1.1 writes it: split at the largest power of two."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:half]) + tree_hash(leaves[half:])).digest()


def chain(length: int) -> list[seals.Seal]:
    """Seals of one entry each, every one upon the head of the one before."""
    found: list[seals.Seal] = []
    for number in range(1, length + 1):
        before = found[-1].head if found else seals.NO_HEAD
        root = LEAVES[number].hex()
        moment = f"2026-07-27T02:00:{number:02}.000000+00:00"
        found.append(seals.Seal(number, before, root, number, number, 1, 500, 500, moment))
    return found


def test_a_field_tells_nothing_from_empty_and_where_it_ends() -> None:
    assert seals.fields("nghĩa", None, "", 12, -3) == "6:nghĩa,-,0:,2:12,2:-3,"


def test_a_leaf_can_be_recomputed_by_hand() -> None:
    header = seals.fields(7, "2026-07-27", "donation")
    posting = seals.fields(1, "111", "asset", None, "nghia-tinh", "TW", 500000, 0)
    by_hand = (
        b"\x00" b"15:fundsvc-entry-1," b"1:7,10:2026-07-27,8:donation,"
        b"1:1,3:abc," b"1:1,1:1,3:111,5:asset,-,10:nghia-tinh,2:TW,6:500000,1:0,"
    )  # fmt: skip
    assert (
        seals.leaf(seals.entry_text(header, ["abc"], [posting])) == hashlib.sha256(by_hand).digest()
    )


@pytest.mark.parametrize("size", range(1, 41))
def test_the_root_is_that_of_the_standard(size: int) -> None:
    assert seals.root(LEAVES[:size]) == tree_hash(LEAVES[:size]).hex()


def test_nothing_has_no_root() -> None:
    with pytest.raises(ValueError, match="at least one"):
        seals.root([])


@given(st.integers(1, 40), st.data())
def test_every_leaf_is_proved_and_no_other_passes_for_it(size: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, 39))
    proof = seals.inclusion(LEAVES[:size], place)
    root = seals.root(LEAVES[:size])
    assert len(proof) <= size.bit_length()
    assert seals.included(LEAVES[place], place, size, proof, root)
    if other != place:
        assert not seals.included(LEAVES[other], place, size, proof, root)
        assert not seals.included(LEAVES[place], other, size, proof, root)
    assert not seals.included(LEAVES[place], place, size, [*proof, root], root)
    assert not seals.included(LEAVES[place], place, size, ["no hash", *proof], root)
    if proof:
        assert not seals.included(LEAVES[place], place, size, proof[:-1], root)


def test_heads_follow_each_other_and_nothing_may_be_left_out_or_changed() -> None:
    made = chain(6)
    heads = [seal.head for seal in made]
    assert seals.follows(seals.NO_HEAD, made, heads[-1])
    assert seals.follows(heads[1], made[2:], heads[-1])
    assert seals.follows(heads[2], [], heads[2])
    assert not seals.follows(heads[1], made[3:], heads[-1])
    assert not seals.follows(heads[1], [*made[2:4], made[5]], heads[-1])
    for change in ({"root": LEAVES[0].hex()}, {"debit": 501}, {"entries": 2}, {"last_entry": 9}):
        changed = [*made[:3], replace(made[3], **change), *made[4:]]
        assert not seals.follows(seals.NO_HEAD, changed, heads[-1])


def test_a_donor_is_committed_to_under_a_salt() -> None:
    facts = ("Nguyễn Thị Hường", "person", "donation", "k1")
    assert seals.commitment("a" * 32, *facts) == seals.commitment("a" * 32, *facts)
    assert seals.commitment("b" * 32, *facts) != seals.commitment("a" * 32, *facts)
    assert seals.commitment("a" * 32, *facts) != seals.commitment("a" * 32, *facts[:3], "k2")


@pytest.mark.parametrize("cut", range(1, 12))
def test_what_is_not_in_canonical_form_is_not_told(cut: int) -> None:
    header = seals.fields(7, "2026-07-27", "donation", "ghi", "TW", *([None] * 9))
    posting = seals.fields(1, "111", "asset", None, "nghia-tinh", "TW", 500000, 0)
    text = seals.entry_text(header, ["abc"], [posting])
    told = list(check.told(text))
    assert told[0] == "bút toán số: 7"
    assert "SHA-256 của tệp 1: abc" in told
    for broken in (text[:-cut], f"{text}1:x,"):
        with pytest.raises(ValueError, match="dạng chuẩn"):
            list(check.told(broken))


def test_what_a_commitment_is_to_cannot_be_mistaken() -> None:
    """The same facts as those of a donor and as those of a paper are two commitments."""
    assert seals.commitment("a" * 32, "An") != seals.commitment("a" * 32, "An", form="paper-1")
    assert seals.commitment("a" * 32, "An") == seals.commitment(
        "a" * 32, "An", form="fundsvc-donor-1"
    )
