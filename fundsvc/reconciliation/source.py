"""The bytes of a bank file: its beginning, all of them, or a stream, without holding them all."""

import io
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

_HEAD = 1 << 16
_BLOCK = 1 << 20


class Source:
    """A file to read from its beginning as often as needed; whoever opened it closes it."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take a file that can be read anywhere."""
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self.head = file.read(_HEAD)
        """Enough to know what kind of file it is."""

    @classmethod
    def of(cls, data: "bytes | Source") -> "Source":
        """Return bytes, or what is a source already, as a source."""
        return cls(io.BytesIO(data)) if isinstance(data, bytes) else data

    def stream(self) -> io.BufferedReader:
        """Return a stream from the beginning, with a place of its own."""
        return io.BufferedReader(_View(self._file), _HEAD)

    def blocks(self) -> Iterator[bytes]:
        """Yield all bytes, some at a time."""
        yield from iter(partial(self.stream().read, _BLOCK), b"")

    def read(self) -> bytes:
        """Return all bytes, for formats that are read as a whole."""
        return self.stream().read()


class _View(io.RawIOBase):
    """A place in a file that others read too; closing it leaves the file open."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_CUR:
            offset, whence = offset + self._at, io.SEEK_SET
        self._at = self._file.seek(offset, whence)
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._at)
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)
