"""What a message is worth: the three grammars, and all that is not one of them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundsvc.sms.grammar import Rule, Why, read
from tests import corpus

TS = Rule("ts", "units", 20_000)
NTTS = Rule("ntts", "thousands", 1_000)
SINGLE = Rule("truongson", "single", 18_000)
RULES = (TS, NTTS, SINGLE)


@pytest.mark.parametrize(
    ("message", "rule", "worth"),
    [
        ("TS 5", TS, 100_000),
        ("ts5", TS, 100_000),
        ("  Tş   5 ", TS, 100_000),
        ("TS5 kinh tang", TS, 100_000),
        ("TS 1 ủng hộ", TS, 20_000),
        ("TS 100", TS, 2_000_000),
        ("TS 05", TS, 100_000),
        ("TS\u00a05", TS, 100_000),
        ("TS 5.", TS, 100_000),
        ("TS 5, kính tặng 2 bác", TS, 100_000),
        ("TS", TS, Why.NO_NUMBER),
        ("TS!", TS, Why.NO_NUMBER),
        ("TS năm", TS, Why.NO_NUMBER),
        ("TS: 5", TS, Why.NO_NUMBER),
        ("TS -5", TS, Why.NO_NUMBER),
        ("TS ²", TS, Why.NO_NUMBER),
        ("TS ٥", TS, Why.NO_NUMBER),
        ("TS 0", TS, Why.OUT_OF_RANGE),
        ("TS 101", TS, Why.OUT_OF_RANGE),
        ("TS5000", TS, Why.OUT_OF_RANGE),
        ("TS 9999999999999999999999", TS, Why.UNCLEAR),
        ("TS 5.000", TS, Why.UNCLEAR),
        ("TS 5 000", TS, Why.UNCLEAR),
        ("TS 5, 000", TS, Why.UNCLEAR),
        ("TS 5,5", TS, Why.UNCLEAR),
        ("TS 5 10", TS, Why.UNCLEAR),
        ("TS 5K", TS, Why.UNCLEAR),
        ("TS 5 k", TS, Why.UNCLEAR),
        ("TS 5 triệu", TS, Why.UNCLEAR),
        ("TS 5 nghìn đồng", TS, Why.UNCLEAR),
        ("TS 5\u20e3", TS, Why.UNCLEAR),
        ("TS-5", TS, Why.UNCLEAR),
        ("TSX 5", TS, Why.NO_KEYWORD),
        ("TX TS 5", TS, Why.NO_KEYWORD),
        ("T S 5", TS, Why.NO_KEYWORD),
        ("", TS, Why.NO_KEYWORD),
        ("NTTS 50K", NTTS, 50_000),
        ("ntts50k", NTTS, 50_000),
        ("NTTS 50 K kinh tang", NTTS, 50_000),
        ("NTTS 50K đồng", NTTS, 50_000),
        ("NTTS 1K", NTTS, 1_000),
        ("NTTS 2000K", NTTS, 2_000_000),
        ("NTTS 2001K", NTTS, Why.OUT_OF_RANGE),
        ("NTTS 0K", NTTS, Why.OUT_OF_RANGE),
        ("NTTS 50", NTTS, Why.UNCLEAR),
        ("NTTS 50000", NTTS, Why.UNCLEAR),
        ("NTTS 50 kinh tang", NTTS, Why.UNCLEAR),
        ("NTTS 50.000K", NTTS, Why.UNCLEAR),
        ("NTTS 50K 000", NTTS, Why.UNCLEAR),
        ("NTTS 50K trieu", NTTS, Why.UNCLEAR),
        ("NTTS", NTTS, Why.NO_NUMBER),
        ("TRUONGSON", SINGLE, 18_000),
        ("Trườngsơn ủng hộ 5 triệu", SINGLE, 18_000),
        ("truongson.", SINGLE, 18_000),
        ("TRUONGSON5", SINGLE, Why.NO_KEYWORD),
        ("TRUONGSONX", SINGLE, Why.NO_KEYWORD),
        ("TRUONG SON", SINGLE, Why.NO_KEYWORD),
    ],
)
def test_what_a_message_is_worth(message: str, rule: Rule, worth: int | Why) -> None:
    assert read(message, rule) == worth


@given(
    st.sampled_from((TS, NTTS)),
    st.integers(0, 3_000),
    st.booleans(),
    st.sampled_from(["", " "]),
)
def test_a_number_in_the_grammar_is_its_amount(rule: Rule, n: int, upper: bool, gap: str) -> None:
    text = f"{rule.keyword}{gap}{n}{'k' if rule is NTTS else ''}"
    worth = read(text.upper() if upper else text, rule)
    assert worth == (n * rule.unit_value if 1 <= n <= rule.most else Why.OUT_OF_RANGE)


@given(
    st.sampled_from(RULES),
    st.text(st.sampled_from(string.digits + " .,-kK!tTsSđ"), max_size=12) | st.text(max_size=12),
)
def test_an_amount_is_always_one_that_the_grammar_can_give(rule: Rule, rest: str) -> None:
    worth = read(rule.keyword + rest, rule)
    assert isinstance(worth, Why) or rule.gives(worth)


@given(st.sampled_from(RULES), st.text(max_size=40))
def test_a_text_that_does_not_begin_with_the_keyword_has_no_amount(rule: Rule, text: str) -> None:
    assert read("x" + text, rule) is Why.NO_KEYWORD


@pytest.mark.parametrize("text", [*corpus.NEVER_AMOUNTS, *corpus.TEXTS])
@pytest.mark.parametrize("rule", [TS, NTTS])
def test_the_corpus_never_becomes_an_amount_it_does_not_state(text: str, rule: Rule) -> None:
    # "NTTS 1K…" may stand behind odd blanks; what is read must be what its digits say.
    worth = read(f"{rule.keyword} {text}", rule)
    if not isinstance(worth, Why):
        digits = "".join(c for c in text.split(maxsplit=1)[0] if c in string.digits)
        assert worth == int(digits) * rule.unit_value
