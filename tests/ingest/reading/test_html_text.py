"""HTML as text."""

import pytest

from services.ingest.reading.html_text import MOST_CHARACTERS, html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Dear all,</p><p>one &amp; two</p>", "Dear all,\n\none & two"),
        ("<div>A</div><div><br></div><div>B</div>", "A\n\nB"),
        ("<div>A<div>B</div>C</div>", "A\nB\nC"),
        ("<p class=MsoNormal>Hi,</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>B</p>", "Hi,\n\nB"),
        ("<p style='margin:0'>A</p><p style='margin:0'>B</p>", "A\nB"),
        ("A<br>B<br/>C</br>D", "A\nB\nC\nD"),
        ("<h1>T</h1>text", "T\n\ntext"),
        ("<p>one\n   two</p>", "one two"),
        ("A<hr>B", "A\n" + "_" * 32 + "\nB"),
        ("<b>bold</b>er <i>it</i>", "bolder it"),
        ("<pre>a\n  b\n\nc</pre>d", "a\n  b\n\nc\n\nd"),
        ("<ul><li>one<li>two<ol><li>a</li><li>b</ol></ul>after", "- one\n- two\n  1. a\n  2. b\n\nafter"),
        ("<table><tr><td>Lamp</td>\n<td>2</td></tr><tr><td>Bulb<td>3</table>end", "Lamp\t2\nBulb\t3\nend"),
        (
            "yes<blockquote>q1<br>q2<blockquote>q3</blockquote></blockquote>end",
            "yes\n\n> q1\n> q2\n>\n>> q3\n\nend",
        ),
    ],
)
def test_blocks_are_lines(html: str, text: str) -> None:
    assert html_to_text(html) == (text, False)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            'see <a href="https://x.example/a?b=1&amp;c=2">our site</a>.',
            "see our site <https://x.example/a?b=1&c=2>.",
        ),
        ('<a href="https://www.x.example/">x.example</a>', "x.example"),
        (
            '<a href="mailto:a@b.example">a@b.example</a> <a href=mailto:a@b.example>write</a>',
            "a@b.example write <a@b.example>",
        ),
        ('<a href="#top">up</a> <a href="javascript:x()">run</a> <a name=x>here</a>', "up run here"),
        ('<a href="https://e.example"><img src=cid:1 alt="Logo"></a>', "[Logo] <https://e.example>"),
        ('<img alt="" src=x>Hello<img alt="😀">', "Hello😀"),
        ("AT&amp;T &copy; &#8364; &#x20ac; &euro; &#128;", "AT&T © € € € €"),
    ],
)
def test_links_images_and_entities_say_what_they_say(html: str, text: str) -> None:
    assert html_to_text(html)[0] == text


@pytest.mark.parametrize(
    "html",
    [
        "<style>p{}</style>Hello<script>if (a<b) x('<p>')</script>",
        "<head><title>T</title></head>Hello",
        "<div style='color:red; display:none'>pre<div>x</div>header</div>Hello",
        "<span hidden>no</span>Hello<p style='mso-hide:all'>no</p>",
        "<!-- no --><!--[if mso]>no<![endif]--><![if !mso]>Hello<![endif]>",
        "Hello<xml><o:p>no</o:p></xml>",
    ],
)
def test_what_is_not_shown_is_no_text(html: str) -> None:
    assert html_to_text(html)[0] == "Hello"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div style='display:none'>never closed <p>Hello", "never closed\n\nHello"),
        ("Hello <!-- never closed", "Hello never closed"),
        ("<style>p{} <p>Hello", "p{}\n\nHello"),
        ('<a href="never closed>click</a> <b>here</b>', "click here"),
        ("1 < 2 <3 <", "1 < 2 <3 <"),
        ("<p>one<p>two</div></p></b>", "one\n\ntwo"),
        ("<P CLASS='x>y'>Hello</P", "Hello"),
        ("Hello</p></td></blockquote></ul></pre>", "Hello"),
        ("plain\ntext", "plain text"),
        ("", ""),
    ],
)
def test_broken_html_loses_no_text(html: str, text: str) -> None:
    assert html_to_text(html)[0] == text


def test_a_very_long_page_is_cut_in_the_text() -> None:
    text, was_cut = html_to_text("<p>Hello</p>" * (MOST_CHARACTERS // 10))
    assert was_cut
    assert text.startswith("Hello\n\nHello")


def test_pictures_within_a_page_do_not_cut_its_text() -> None:
    html = f"<p>Hello</p><img src='data:image/png;base64,{'A' * MOST_CHARACTERS}'><p>Kim</p>"
    assert html_to_text(html) == ("Hello\n\nKim", False)
