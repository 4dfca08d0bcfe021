"""Files that lie sealed in the store: in blocks, each under the data key, read from any place.

The store knows a file by the SHA-256 of its plain bytes, so blocks that were changed, left out or
put in another order are found as in any other file.
"""

import io
from typing import IO, Final

from fundsvc import secrecy
from fundsvc.secrecy import UnreadableError

MARK: Final = b"fundsvc sealed 1\n"
BLOCK: Final = 1 << 20
_MORE: Final = 29
"""How much longer a sealed block is: version, nonce and tag."""


class Sealed(io.RawIOBase):
    """The plain bytes of a sealed file; what cannot be opened reads as an `OSError`."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take the file; the key is that of now, so it can be read after the request."""
        self._file, self._unseal = file, secrecy.unsealer()
        self._size = plain_size(file)
        self._place, self._number, self._block = 0, -1, b""

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from any place: yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the plain bytes."""
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(begin + offset, 0)
        return self._place

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]  # as the buffer calls it
        """Read on, at most to the end of a block."""
        if self._place >= self._size:
            return 0
        number, at = divmod(self._place, BLOCK)
        if number != self._number:
            self._file.seek(len(MARK) + number * (BLOCK + _MORE))
            try:
                self._block = self._unseal(self._file.read(BLOCK + _MORE))
            except UnreadableError as error:
                raise OSError(str(error)) from error
            self._number = number
        part = self._block[at : at + len(target)]
        target[: len(part)] = part
        self._place += len(part)
        return len(part)

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()


def is_sealed(file: IO[bytes]) -> bool:
    """Say whether a file is sealed, and go to its beginning."""
    found = file.read(len(MARK)) == MARK
    file.seek(0)
    return found


def plain_size(file: IO[bytes]) -> int:
    """Return how many plain bytes a sealed file has."""
    hidden = file.seek(0, io.SEEK_END) - len(MARK)
    return hidden - -(-hidden // (BLOCK + _MORE)) * _MORE
