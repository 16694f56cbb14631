"""Texts that a table can hold, and that no page and no chart may stumble over."""

from hypothesis import strategies as st

WEIRD = [
    "returned",
    "redirected",
    "",
    "air\0line",
    "</script><script>alert(1)</script>",
    "🛫 Æ\u200b\u202e",
    "x" * 10_000,
    "\x1b[31m\x07\x7f\x85",
    "\ud800 alone",
    "\ufffe\uffff",
    "a\nb\r\tc",
    "'\"&<>{}[]\\|$${{7*7}}",
    None,
]
ANY_TEXT = st.none() | st.sampled_from(WEIRD) | st.text(st.characters(exclude_categories=[]), max_size=40)
"""Half of Unicode's trouble, and all of it in the end: lone surrogates, controls, what is no character."""
