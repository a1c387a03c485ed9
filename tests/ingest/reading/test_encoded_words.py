"""Encoded words (RFC 2047)."""

import pytest

from services.ingest.reading import read
from services.ingest.reading.encoded_words import decode_words
from services.ingest.reading.repairs import Repairs


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?a_b=C3=BC?= c", "a bü c"),
        ("a =?utf-8?B?w7w=?= b", "a ü b"),
        ("=?utf-8?Q?one?= =?utf-8?Q?two?=", "onetwo"),
        ("=?utf-8?Q?one?= and =?utf-8?Q?two?=", "one and two"),
        ("=?utf-8*de?Q?=C3=BC?=", "ü"),
        ("=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "テスト"),
        ("(=?utf-8?Q?a?=)", "(a)"),
        ("=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=", "=?utf-8?Q?a?="),
    ],
)
def test_encoded_words_are_decoded_once_and_blanks_between_them_vanish(value: str, text: str) -> None:
    repairs = Repairs()
    assert decode_words(value, repairs) == text
    assert repairs.codes() == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),
        ("=?utf-8?B?ww==?= =?utf-8?B?vA==?=", "ü"),
        ("=?utf-8?B?4pyTIMOgI?= =?utf-8?B?GxhIG1vZGU=?=", "✓ à la mode"),
    ],
    ids=["of Q", "of B", "in the middle of a group of base64"],
)
def test_a_character_that_was_split_between_two_words_is_whole_again(value: str, text: str) -> None:
    assert decode_words(value, Repairs()) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?a b?=", "a b"),
        ("=?utf-8?Q?a?=b", "ab"),
        ("a=?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?really??=", "really?"),
        ("=?utf-8?Q?a?b?=", "a?b"),
        ("=?utf-8?Q?=ZZ?=", "=ZZ"),
        ("=?utf-8?B?w7w?=", "ü"),
        ("=?utf-8?B?w7 w=?=", "ü"),
        ("=??Q?a?=", "a"),
        ("=?utf-8?Q?ü?=", "ü"),
        ("=?us-ascii?Q?a=FC?=", "aü"),
        ("=?iso-8859-1?Q?=C3=BC?=", "ü"),
        ("=?iso-8859-1?Q?=CF=F0=E8=E2=E5=F2?=", "Привет"),
        ("=?bogus?Q?=FC?=", "ü"),
        ("=?utf-8?Q?not closed", "not closed"),
        ("=?utf-8?Q?not =?utf-8?Q?closed?=", "not closed"),
        ("=?utf-8?B?w7w", "ü"),
    ],
)
def test_broken_words_are_read_as_they_were_meant(value: str, text: str) -> None:
    assert decode_words(value, Repairs()) == text


@pytest.mark.parametrize("value", ["=?utf-8?X?a?=", "= ?utf-8?Q?a?=", "=?bad", "a =? b ?= c", "1 + 1 =? 2"])
def test_what_is_no_encoded_word_stays(value: str) -> None:
    assert decode_words(value, Repairs()) == value


def test_a_nul_in_a_word_is_taken_out() -> None:
    assert decode_words("=?utf-8?b?AAA=?=x", Repairs()) == "x"


def test_ten_thousand_words_of_one_value_are_all_decoded() -> None:
    subject = read(b"Subject: " + b"=?utf-8?q?=c3=bc?=\n " * 10_000 + b"\n\nx").subject
    assert subject == "ü" * 10_000
