"""Reading the papers that we draw: what stands on them, line by line."""

import base64
import re
import zlib

STREAM = re.compile(rb"/Filter \[ /ASCII85Decode /FlateDecode \].*?stream\r?\n(.*?)endstream", re.DOTALL)
SHOWN = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """The words of every page, a line for each that the page has."""
    pages = [zlib.decompress(base64.a85decode(b"<~" + data.strip(), adobe=True)) for data in STREAM.findall(pdf)]
    lines = [b"".join(SHOWN.findall(line)) for page in pages for line in re.split(rb"T\*|ET", page)]
    return "\n".join(ESCAPED.sub(_plain, line).decode("cp1252") for line in lines if line)


def _plain(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)]) if len(found[1]) == 3 else found[1]
