"""Text without the characters that no page can show."""

import re

# All but the characters of XML 1.0, section 2.2. The renderer of charts aborts the whole process on any other.
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text without control characters and what else SVG and HTML cannot hold."""
    return UNPRINTABLE.sub("", text)
