"""`Upload`: a file of a form."""

import os
from collections.abc import AsyncIterator

from ponty.request.forms.filenames import safe_filename
from ponty.request.forms.spool import PIECE, Spool


class Upload:
    """A file that came in a form.

    Its content is in memory as long as it is small, and in a file without a name beyond that. It is gone when the
    request has ended, whatever ends it: what is to stay is saved, or copied elsewhere, before the handler returns.

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

    A test makes one of bytes: `Upload("me.png", b"...")`.

    Args:
        filename: A name for it; of a path, the last part is taken.
        content: The bytes.
        content_type: Its media type.
    """

    __slots__ = ("_spool", "content_type", "filename")

    filename: str
    """The name that the client gives the file, without directories, control characters and the like; at most 255 bytes
    of UTF-8. It may be empty, and two files may have the same: choose names of your own for what you store."""

    content_type: str
    """The media type that the client gives the file, as it came; `application/octet-stream` where it gives none. Nobody
    has looked whether that is true."""

    def __init__(self, filename: str, content: bytes = b"", *, content_type: str = "application/octet-stream") -> None:
        self.filename = safe_filename(filename)
        self.content_type = content_type
        self._spool: Spool = Spool(content)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._spool.size

    async def read(self) -> bytes:
        """Return the whole content.

        Raises:
            ValueError: The request has ended.
        """
        return await self._spool.read(0, self.size)

    async def chunks(self, size: int = PIECE) -> AsyncIterator[bytes]:
        """Iterate over the content, from its beginning.

        Args:
            size: How many bytes each chunk has; the last has fewer.

        Raises:
            ValueError: The request has ended, or `size` is below one.
        """
        if size < 1:
            raise ValueError(f"a chunk has at least one byte, not {size!r}")
        for start in range(0, self.size, size):
            yield await self._spool.read(start, size)

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Write the content to a file, in the place of one that is there: whole, or not at all.

        It is written beside its place first, as `.….part`, and then put there.

        Args:
            path: The file's path: one of your own making. `filename` is the client's word.

        Raises:
            ValueError: The request has ended.
            OSError: It cannot be written there.
        """
        await self._spool.copy_to(path)

    def __repr__(self) -> str:
        return f"Upload({self.filename!r}, {self.content_type!r}, {self.size} bytes)"


class SpooledUpload(Upload):
    """An upload whose content comes after it: its spool fills while the form arrives."""

    __slots__ = ()

    def __init__(self, filename: str, spool: Spool, *, content_type: str) -> None:
        self.filename: str = safe_filename(filename)
        self.content_type = content_type
        self._spool = spool
