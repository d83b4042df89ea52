"""Photos that are uploaded in a form, and stored in a folder under new names."""

import os
import pathlib
import tempfile
import uuid
from dataclasses import dataclass

from ponty import ParsedForm, Request, Upload, expect, post, raise_status, render_json, startmeup

PHOTOS = pathlib.Path(os.environ.get("PHOTOS") or tempfile.mkdtemp())
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}


@dataclass
class NewPhoto:
    photo: Upload
    title: str = ""


class PostPhoto(Request):
    form = ParsedForm(NewPhoto, max_size=20_000_000)


@post("/photos")
@expect(PostPhoto)
@render_json
async def add_photo(form: NewPhoto) -> dict[str, object]:
    ending = ENDINGS.get(form.photo.content_type)
    if ending is None:
        raise_status(415, text="a photo is a PNG, a JPEG or an SVG")
    await form.photo.save(PHOTOS / f"{uuid.uuid4()}.{ending}")
    return {"title": form.title or form.photo.filename, "kept": True}


if __name__ == "__main__":
    startmeup(port=8080)
