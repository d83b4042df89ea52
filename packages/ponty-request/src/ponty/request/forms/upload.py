"""`Upload`: a file that came in a form."""

import os
from collections.abc import AsyncIterator

from ponty.request.forms.filenames import safe_filename
from ponty.request.forms.spool import PIECE, Spool


class Upload:
    """A file that came in a form.

    Small contents are in memory, larger ones in a file without a name. The content is gone when the request has ended,
    in whatever way: save or copy what you want to keep before the handler returns.

    ::

        @dataclasses.dataclass
        class NewPhoto:
            photo: Upload
            title: str = ""

        class PostPhoto(Request):
            form = ParsedForm(NewPhoto)

        @post("/photos")
        @expect(PostPhoto)
        @render_json
        async def add_photo(form: NewPhoto) -> int:
            await form.photo.save(PHOTOS / f"{uuid.uuid4()}.jpg")
            return form.photo.size

    In a test, make one from bytes: `Upload("me.png", b"...")`.

    Args:
        filename: A name for it; if it is a path, the last part is taken.
        content: The bytes.
        content_type: The media type.
    """

    __slots__ = ("_spool", "content_type", "filename")

    filename: str
    """The name that the client gives the file, without directories, control characters and the like; at most 255 bytes
    in UTF-8. It may be empty, and two files may have the same name: choose your own names for files that you store."""

    content_type: str
    """The media type that the client gives the file, unchanged; `application/octet-stream` if it gives none. Nobody has
    checked whether it is true."""

    def __init__(self, filename: str, content: bytes = b"", *, content_type: str = "application/octet-stream") -> None:
        self.filename = safe_filename(filename)
        self.content_type = content_type
        self._spool: Spool = Spool(content)

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self._spool.size

    async def read(self) -> bytes:
        """Return the whole content.

        Raises:
            ValueError: The request has ended.
        """
        return await self._spool.read(0, self.size)

    async def chunks(self, size: int = PIECE) -> AsyncIterator[bytes]:
        """Iterate over the content, from the beginning.

        Args:
            size: How many bytes each chunk has, 256 KiB by default; the last chunk may have fewer.

        Raises:
            ValueError: The request has ended, or `size` is below 1.
        """
        if size < 1:
            raise ValueError(f"a chunk must have at least one byte, not {size!r}")
        for start in range(0, self.size, size):
            yield await self._spool.read(start, size)

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Write the content to a file, completely or not at all; a file that is there is replaced.

        It is first written to a file `.….part` in the same folder, and then moved to its place.

        Args:
            path: The path of the file. Choose it yourself: `filename` comes from the client.

        Raises:
            ValueError: The request has ended.
            OSError: The file cannot be written.
        """
        await self._spool.copy_to(path)

    def __repr__(self) -> str:
        return f"Upload({self.filename!r}, {self.content_type!r}, {self.size} bytes)"


class SpooledUpload(Upload):
    """An upload whose content comes later: its spool fills while the form arrives."""

    __slots__ = ()

    def __init__(self, filename: str, spool: Spool, *, content_type: str) -> None:
        self.filename: str = safe_filename(filename)
        self.content_type = content_type
        self._spool = spool
