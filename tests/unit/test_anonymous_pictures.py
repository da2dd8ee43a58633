"""A picture sent without a name says nothing about its maker: no notes, no second picture behind it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from apps.core.errors import Invalid
from apps.core.uploads import JPEG, Upload
from apps.incidents.anonymity import cleaned


def picture(note: bytes, *, progressive: bool = False) -> bytes:
    """A real picture of noise, with a note in its EXIF segment."""
    made, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = note.decode()
    Image.effect_noise((64, 64), 90).save(made, "JPEG", exif=exif, progressive=progressive, comment=note)
    return made.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
def test_neither_the_picture_nor_one_behind_it_names_the_phone(progressive: bool) -> None:
    sent = picture(b"Bobs phone", progressive=progressive) + picture(b"Bobs phone")
    kept = cleaned(Upload("bob.jpg", JPEG, sent), 1).content
    assert b"Bobs phone" not in kept
    assert len(kept) < len(sent) // 2 + 1000
    shown, was = Image.open(io.BytesIO(kept)), Image.open(io.BytesIO(sent))
    assert shown.tobytes() == was.tobytes()


def test_a_picture_that_breaks_off_is_refused() -> None:
    with pytest.raises(Invalid, match="damaged"):
        cleaned(Upload("bob.jpg", JPEG, picture(b"x")[:-40]), 1)
