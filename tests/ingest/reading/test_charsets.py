"""Charsets: declared, wrongly declared, unknown, and not declared at all."""

import pytest

from services.ingest.reading.charsets import Hint, decode
from services.ingest.reading.repairs import Repairs
from tests.ingest.reading.writing import message

GERMAN = "Grüße aus Köln, wo die Bäume blühen"
RUSSIAN = "Здравствуйте, я до сих пор не получил свой заказ"


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf8", "utf-8"),
        ("UTF_8", "utf-8"),
        ('"utf-8"', "utf-8"),
        ("charset=utf-8", "utf-8"),
        ("utf-8; format=flowed", "utf-8"),
        ("ISO8859-1", "cp1252"),
        ("latin1", "cp1252"),
        ("Windows-1252", "cp1252"),
        ("win-1252", "cp1252"),
        ("x-mac-roman", "mac_roman"),
        ("iso-8859-15", "iso8859-15"),
        ("cp-850", "cp850"),
    ],
)
def test_charsets_have_many_names(label: str, codec: str) -> None:
    repairs = Repairs()
    assert decode(GERMAN.encode(codec), label, repairs) == GERMAN
    assert repairs.codes() == ()


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("Preis: 30 € – “gut”", "cp1252", "iso-8859-1"),
        ("Zażółć „gęślą” jaźń", "cp1250", "iso-8859-2"),
        ("髙橋①", "cp932", "shift_jis"),
        ("中文镕", "gbk", "gb2312"),
        ("똠방각하", "cp949", "euc-kr"),
        ("ราคา “ดี”", "cp874", "tis-620"),
    ],
)
def test_what_programs_for_windows_add_to_a_charset_is_read(text: str, codec: str, label: str) -> None:
    assert decode(text.encode(codec), label, Repairs()) == text


def test_japanese_mail_may_hold_characters_that_only_windows_knows() -> None:
    assert decode(b"\x1b$B-!\x1b(B \x1b$B4]?t;z\x1b(B", "iso-2022-jp", Repairs()) == "① 丸数字"
    assert decode(b"\x1b$B\x7c\x62\x1b(B", "iso-2022-jp", Repairs()) == "髙"


@pytest.mark.parametrize("label", ["us-ascii", "iso-8859-1", "windows-1250", "koi8-r", "unknown-8bit", None])
def test_utf8_is_recognised_whatever_was_declared(label: str | None) -> None:
    repairs = Repairs()
    assert decode(GERMAN.encode(), label, repairs) == GERMAN
    assert "charset_detected" in repairs.codes()


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        (GERMAN, "cp1252", "utf-8"),
        (GERMAN, "cp1252", "us-ascii"),
        (GERMAN, "cp1252", "x-bogus"),
        (RUSSIAN, "cp1251", None),
        (RUSSIAN, "koi8-r", "utf-8"),
        (RUSSIAN, "cp1251", "iso-8859-1"),
        ("お問い合わせの件、まだ届いていません", "euc_jp", None),
        ("お問い合わせの件", "iso2022_jp", "us-ascii"),
        ("你好，我的订单还没有收到", "gb18030", "iso-8859-1"),
        ("您好，我還沒有收到貨品", "big5", None),
        ("안녕하세요 배송 문의드립니다", "cp949", None),
        ("Καλημέρα, δεν έχω λάβει την παραγγελία", "cp1253", None),
        ("שלום, איפה ההזמנה שלי?", "cp1255", None),
    ],
)
def test_a_charset_that_is_wrong_or_missing_is_detected(text: str, codec: str, label: str | None) -> None:
    assert decode(text.encode(codec), label, Repairs()) == text


def test_the_country_of_the_sender_decides_where_bytes_fit_two_languages() -> None:
    text = "Siparişim nerede? Lütfen yardım"
    assert decode(text.encode("cp1254"), None, Repairs(), Hint(domain=b"tr")) == text


def test_accented_letters_alone_are_no_reason_to_distrust_what_was_declared() -> None:
    text = "ÄÖÜäöüßÄÖÜäöüß"
    assert decode(text.encode("cp1252"), "iso-8859-1", Repairs()) == text


def test_one_broken_byte_does_not_cost_the_text_its_charset() -> None:
    text = decode(RUSSIAN.encode() + b"\xd0", "utf-8", Repairs())
    assert text == RUSSIAN + "\ufffd"
    assert decode(b"\xff" + RUSSIAN.encode(), "utf-8", Repairs()) == "\ufffd" + RUSSIAN


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_read_with_and_without_its_mark(codec: str) -> None:
    assert decode(GERMAN.encode(codec), "utf-16", Repairs()) == GERMAN


def test_ascii_that_says_it_is_utf16_is_ascii() -> None:
    assert decode(b"Hello", "unicode", Repairs()) == "Hello"


def test_the_mark_at_the_beginning_of_utf8_is_no_text() -> None:
    assert message(b"\xef\xbb\xbfHello").text == "Hello"


@pytest.mark.parametrize(
    "label", ["rot13", "base64", "idna", "unicode_escape", "no-such-charset", "\x00", "ü", ""]
)
def test_what_is_no_charset_is_noted_or_passed_over(label: str) -> None:
    assert decode(b"Hello \\u00fc", label, Repairs()) == "Hello \\u00fc"


def test_nul_and_lone_surrogates_are_taken_out() -> None:
    assert decode(b"a\x00b", "utf-8", Repairs()) == "ab"
    assert (
        decode("a\ud800b".encode("utf-16-le", "surrogatepass"), "utf-16-le", Repairs()).encode() is not None
    )
    assert decode(b"+2AA-", "utf-7", Repairs()).encode() is not None


def test_html_names_its_charset_itself() -> None:
    page = "<meta charset=windows-1251><p>Где мой заказ?</p>".encode("cp1251")
    assert message(page, b"text/html").text == "Где мой заказ?"
