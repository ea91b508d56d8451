"""Turn a file into text: packed or not, in whatever encoding it was written, and say which."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from pathlib import Path

from jaxstable.data.checks import DataError
from jaxstable.phrases import shortened

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".asc", ".prn", ".log", ".tab", ".lvm", ".arff", ".epw", ".rdb")
INVISIBLE = (b"\xef\xbb\xbf", b"\x0c")  # of files put below each other, and between pages
HEAD = 4_000_000  # bytes from which the encoding of East Asian text is told
KANA = re.compile(rb"\x83[\x40-\x96]|\x82[\x9f-\xf1]")  # Shift-JIS; in Windows-1252 these begin with odd signs
FORMULA = re.compile(rb'(?m)(^|[,;\t|])(?:"=""([^"\n]*)"""|="([^"\n]*)")(?=[,;\t|\n]|\Z)')
PAIRED = re.compile(rb"(?<![\x80-\xff])(?:[\xa1-\xf7][\xa1-\xfe])+(?![\x80-\xff])")


def read_plain(path: Path, encoding: str | None = None) -> tuple[bytes, str]:
    """Read a file as UTF-8 with plain line ends, and say how it was encoded.

    A byte order mark decides; otherwise it is UTF-8 if that reads every byte, UTF-16 if every second byte is zero,
    Shift-JIS or GB18030 if its letters come in their pairs, else Windows-1252, which contains Latin-1 and which most
    European loggers mean. Zeros at the end, which a logger leaves when its power fails, are left out.

    Args:
        path: a text file, or one packed by gzip or zip.
        encoding: a name that Python knows, if it is known.

    Returns:
        The text, and the name of the encoding.

    Raises:
        DataError: no such file, a damaged archive, one of several files, or another encoding than the one said.
    """
    if not path.is_file():
        raise DataError(f"no such file: {path.absolute()}")
    plain, how = _recoded(_unpacked(path), path, encoding)
    plain = plain.rstrip(b"\0\x1a")
    for sign in INVISIBLE:
        plain = plain.replace(sign, b"") if sign in plain else plain
    if b"\r" in plain:
        plain = plain.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    plain = _without_formulas(plain)
    if b"\0" in plain:
        line = plain[: plain.find(b"\0")].count(b"\n") + 1
        raise DataError(
            f"{path} holds zero bytes in line {line}: export a program's own format as CSV; of a file torn by a power "
            "failure, leave that line out"
        )
    return plain, how


def _without_formulas(plain: bytes) -> bytes:
    """Write cells such as ="1.2", which keep Excel from guessing what they hold, as "1.2"."""
    return FORMULA.sub(rb'\1"\2\3"', plain) if b'="' in plain else plain


def read_text(path: Path) -> tuple[str, str]:
    """Read a file as `read_plain` does, into a string."""
    plain, how = read_plain(path)
    return plain.decode(), how


def _recoded(raw: bytes, path: Path, said: str | None) -> tuple[bytes, str]:
    """Return the bytes in UTF-8 and the name of their encoding."""
    if said is not None:
        try:
            return raw.decode(said).removeprefix("\ufeff").encode(), f"{said} (as said)"
        except (LookupError, TypeError) as error:
            raise DataError(f"encoding={shortened(said)}: expected a name such as 'cp1252', 'gb18030'") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is not encoded in {said} ({error}): leave encoding= out to find it out") from error
    encoding = next((name for mark, name in MARKS if raw.startswith(mark)), None)
    if encoding == "utf-8-sig":
        raw, encoding = raw[3:], None
    if encoding is None and raw.isascii() and b"\0" not in raw[:64]:
        return raw, "UTF-8"
    if encoding is None and (zeros := raw[:2000].count(0)) > 0.3 * len(raw[:2000]):
        encoding = "utf-16-le" if raw[1:2000:2].count(0) >= zeros / 2 else "utf-16-be"
    if encoding is not None:
        try:
            return raw.decode(encoding).encode(), encoding.upper()
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is damaged ({error}): save it as CSV UTF-8") from error
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        for name, signs in (("cp932", len(KANA.findall(raw[:HEAD])) > 1), ("gb18030", _is_paired(raw[:HEAD]))):
            if signs:
                try:
                    return raw.decode(name).encode(), f"{name} (by its signs; encoding= says otherwise)"
                except UnicodeDecodeError:
                    continue
        plain, some = _by_line(raw)
        said = "UTF-8 and Windows-1252, line by line" if some else "Windows-1252 (not UTF-8"
        return plain, f"{said}{' (' if some else '; '}encoding= says otherwise)"
    return raw, "UTF-8"


def _by_line(raw: bytes) -> tuple[bytes, bool]:
    """Return lines in UTF-8, those of Windows-1252 turned into it, and whether some were UTF-8 already."""
    found, some = [], False
    for line in raw.split(b"\n"):
        try:
            line.decode()
            some |= not line.isascii()
            found.append(line)
        except UnicodeDecodeError:
            found.append(line.decode("cp1252", errors="replace").encode())
    return b"\n".join(found), some


def _is_paired(raw: bytes) -> bool:
    """Tell whether all letters beyond ASCII come in pairs, as in GB2312, two pairs or more together at least once."""
    found = PAIRED.findall(raw)
    beyond = sum(byte >= 0x80 for byte in raw[:100_000])
    return bool(found) and sum(map(len, PAIRED.findall(raw[:100_000]))) == beyond and max(map(len, found)) >= 4


def _unpacked(path: Path) -> bytes:
    suffix = path.suffix.lower()
    try:
        if suffix == ".gz":
            return gzip.decompress(path.read_bytes())
        if suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                inside = [name for name in archive.namelist() if name.lower().endswith(SUFFIXES)]
                inside = [name for name in inside if not name.startswith("__MACOSX/")]
                if len(inside) != 1:
                    raise DataError(f"{path} holds {len(inside)} text files: expected one; unpack it and name the file")
                return archive.read(inside[0])
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged ({error}): fetch it again, or unpack it by hand") from error
    return path.read_bytes()
