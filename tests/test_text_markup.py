"""Markup out: HTML, JATS and MathML become readable text with its paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.text.markup import plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("no markup", "no markup"),
        ("AT&T &amp; more", "AT&T & more"),
        ("<i>N</i>-desethyl <b>isotonitazene</b>", "N-desethyl isotonitazene"),
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<script>alert(1)</script>seen<style>p{}</style>", "seen"),
        ("<!-- SC_OFF --><div class='md'><p>text</p></div>", "text"),
        ("p < 0.05 and q > 1", "p < 0.05 and q > 1"),
        ("<b>p</b> <0.05", "p <0.05"),
        ("&lt;script&gt; is a tag", "<script> is a tag"),
        ("<jats:title>Background</jats:title><jats:p>Text</jats:p>", "Background\n\nText"),
        ("<mml:math><mml:msup><mml:mn>10</mml:mn><mml:mn>3</mml:mn></mml:msup></mml:math>", "10^3"),
        ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math> dose", "1/2 dose"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<![CDATA[<p>inside</p>]]>", "inside"),
        ("safe<iframe src='x'> <b>description</b></iframe>", "safe description"),
        ("<b>bromazo-\nlam</b>", "bromazolam"),
        ("&nbsp;&nbsp;x&#8211;y&#x2019;", "x–y’"),
        ("&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two&lt;/p&gt;", "one\n\ntwo"),  # a whole text escaped twice
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("", ""),
    ],
)
def test_markup_becomes_readable_text(markup: str, text: str) -> None:
    assert plain(markup) == text


def test_depth_of_nesting_costs_neither_text_nor_the_stack() -> None:
    assert plain("<div>" * 20_000 + "deep" + "</div>" * 20_000) == "deep"


@given(st.text(alphabet=st.sampled_from("<>&;/!-[]ab \n\"'=#x09"), max_size=80))
def test_no_input_breaks_it_and_scripts_never_survive(noise: str) -> None:
    assert "alert(" not in plain(noise + "<script>alert(1)</script>") or "<" in noise or "[" in noise
    assert isinstance(plain(noise), str)
