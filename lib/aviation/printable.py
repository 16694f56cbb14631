"""Stored text as a page can show it: without the characters that none can, and, in Markdown, as text alone."""

import re

# All but the characters of XML 1.0, section 2.2, for the renderer of charts aborts the whole process on any other, and
# without those of them that steer a terminal (U+007F to U+009F).
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text without control characters and what else SVG and HTML cannot hold."""
    return UNPRINTABLE.sub("", text)


_MARKDOWN = str.maketrans({character: f"&#{ord(character)};" for character in "&<>[]$"})


def in_markdown(text: str) -> str:
    """The text for a sentence of Markdown, in which it makes no tag, no link, no picture and no formula."""
    return " ".join(printable(text).splitlines()).translate(_MARKDOWN)
