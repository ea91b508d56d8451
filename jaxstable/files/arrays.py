"""Arrays by name in one npz archive, which `numpy.load` opens; hostile ones are refused before they take memory."""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import IO, Any

import numpy as np

from jaxstable.files.directory import RunDirectoryError

MAX_UNPACKED = 2**31  # bytes that an archive of the first release, whose sweeps were packed, may unpack to
ERRORS = (  # what zipfile and numpy raise on a damaged archive
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, KeyError, RuntimeError, ValueError),
    *(TypeError, OverflowError, MemoryError, SyntaxError, tokenize.TokenError),
)


def pack(arrays: Mapping[str, Any]) -> bytes:
    """Return arrays as one archive; the same arrays give the same bytes.

    Nothing is compressed, so that no archive of ours takes more memory than its file.
    """
    plain = {name: np.asarray(array) for name, array in arrays.items()}
    if strange := [name for name, array in plain.items() if array.dtype.hasobject]:
        raise TypeError(f"array {strange[0]!r} holds Python objects")
    buffer = io.BytesIO()
    np.savez(buffer, **plain)  # pyright: ignore[reportArgumentType]
    return buffer.getvalue()


def unpack(
    content: bytes, *, wanted: Callable[[str], bool] = lambda name: True, packed: bool = False
) -> dict[str, np.ndarray]:
    """Return the arrays of an archive.

    Args:
        content: The archive.
        wanted: Says by name which members to read; no other is touched.
        packed: Whether members may be compressed, to `MAX_UNPACKED` bytes in all.

    Raises:
        RunDirectoryError: It is damaged, or a member is compressed, larger than it can be, or no plain array. The
            message says what is wrong and leaves it to the caller to name the file.
    """
    limit = MAX_UNPACKED if packed else len(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {
                member.filename.removesuffix(".npy"): member
                for member in archive.infolist()
                if wanted(member.filename.removesuffix(".npy"))
            }
            if not packed and any(member.compress_type != zipfile.ZIP_STORED for member in members.values()):
                raise ValueError("a compressed array, which no run writes")
            if sum(member.file_size for member in members.values()) > limit:
                raise ValueError(f"its arrays unpack to more than {limit} bytes")
            found = {}
            for name, member in members.items():
                with archive.open(member) as file:
                    found[name] = _array(name, file, member.file_size)
            return found
    except ERRORS as error:
        raise RunDirectoryError(str(error)[:200] or type(error).__name__) from error


def _array(name: str, file: IO[bytes], size: int) -> np.ndarray:
    """Return one array, once its header agrees with the size of the member that holds it."""
    start = io.BytesIO(file.read(min(size, 2**16)))  # longer headers than numpy's are nobody's
    version = np.lib.format.read_magic(start)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"{name[:80]!r} is in numpy's format {version}")
    shape, fortran, dtype = read(start)
    if dtype.hasobject:
        raise ValueError(f"{name[:80]!r} holds Python objects")
    claimed = math.prod(shape) * dtype.itemsize
    if start.tell() + claimed != size:
        raise ValueError(f"the header of {name[:80]!r} claims {claimed} bytes, and {size - start.tell()} are there")
    content = bytearray(start.read() + file.read())  # to the end, which checks the member's CRC
    return np.ndarray(shape, dtype, buffer=content, order="F" if fortran else "C")
