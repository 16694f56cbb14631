"""How a notebook shows an answer: a chart as a picture that every viewer draws, or words where there is nothing."""

import struct
import zlib
from collections.abc import Callable

import altair as alt
import pandas as pd
import vl_convert
from IPython.display import HTML, Image, Markdown

# Pixels a unit of the chart: sharp on a dense screen, and small enough for a repository.
SCALE = 1.5
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture(draw: Callable[..., alt.TopLevelMixin], frame: pd.DataFrame, *, title: str, **options) -> Image | Markdown:
    """The chart `draw(frame, title=title, **options)` as a PNG on white; a line that says so where `frame` is empty."""
    if frame.empty:
        return Markdown(f"*{title}: there is nothing to draw, for the tables have no such rows.*")
    drawn = png(draw(frame, title=title, **options))
    # A PNG's width stands in its first chunk; shown in the chart's own units, all charts have text of one size.
    (pixels,) = struct.unpack(">I", drawn[16:20])
    return Image(drawn, format="png", alt=title, width=round(pixels / SCALE))


def table(frame: pd.DataFrame) -> HTML | Markdown:
    """The rows as a table, nothing cut off; a line that says so where there are none."""
    if frame.empty:
        return Markdown("*There is nothing to list, for the tables have no such rows.*")
    with pd.option_context("display.max_colwidth", None):
        return HTML(frame.astype(object).where(frame.notna(), "–").to_html(index=False, border=0, justify="right"))


def png(chart: alt.TopLevelMixin) -> bytes:
    """The chart as a PNG. The same chart gives the same bytes on the same machine."""
    return _packed(vl_convert.vegalite_to_png(chart.to_json(), scale=SCALE))


def _packed(picture: bytes) -> bytes:
    """The same picture in a third of the bytes: the renderer packs for speed, a repository wants it small."""
    chunks, at = [], len(SIGNATURE)
    while at < len(picture):
        size, kind = struct.unpack(">I4s", picture[at : at + 8])
        chunks.append((kind, picture[at + 8 : at + 8 + size]))
        at += size + 12  # length, kind and checksum are 4 bytes each
    pixels = zlib.compress(zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT")), 9)
    head, *rest = [(kind, data) for kind, data in chunks if kind != b"IDAT"]
    parts = [head, (b"IDAT", pixels), *(chunk for chunk in rest if chunk[0] == b"IEND")]
    return SIGNATURE + b"".join(
        struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
