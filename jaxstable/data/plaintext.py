"""Turn a file into text: packed or not, in whatever encoding it was written, and say which."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path

from jaxstable.data.checks import DataError

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SUFFIXES = (".csv", ".tsv", ".txt", ".dat")
PACKED = (".gz", ".zip")


def read_text(path: Path) -> tuple[str, str]:
    """Return the text of a file and how it was encoded.

    A byte order mark decides; otherwise it is UTF-8 if that reads every byte, else Windows-1252, which contains
    Latin-1 and which most European loggers mean.

    Args:
        path: a text file, or one packed by gzip or zip.

    Returns:
        The text with plain line ends, and the name of the encoding.

    Raises:
        DataError: no such file, a damaged archive, or one of several files.
    """
    if not path.is_file():
        raise DataError(f"no such file: {path.absolute()}")
    raw = _unpacked(path)
    encoding = next((name for mark, name in MARKS if raw.startswith(mark)), None)
    if encoding is None:
        try:
            return _plain(raw.decode("utf-8")), "UTF-8"
        except UnicodeDecodeError:
            return _plain(raw.decode("cp1252", errors="replace")), "Windows-1252 (not UTF-8)"
    try:
        return _plain(raw.decode(encoding)), encoding.upper().removesuffix("-SIG")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is damaged ({error}): save it as CSV UTF-8") from error


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unpacked(path: Path) -> bytes:
    suffix = path.suffix.lower()
    try:
        if suffix == ".gz":
            return gzip.decompress(path.read_bytes())
        if suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                inside = [name for name in archive.namelist() if name.lower().endswith(SUFFIXES)]
                if len(inside) != 1:
                    raise DataError(f"{path} holds {len(inside)} text files: expected one; unpack it and name the file")
                return archive.read(inside[0])
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged ({error}): fetch it again, or unpack it by hand") from error
    return path.read_bytes()
