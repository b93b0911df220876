"""The demo's photo: made on the spot, and as full of hidden things as a phone's."""

import io
import random

import piexif
from PIL import Image, ImageDraw, ImageFilter, ImageOps

_SIZE = (1200, 1600)  # upright; whole 16x16 blocks, so that the turn loses nothing
_SKIN, _RED, _DEEP, _BLISTER = (214, 170, 140), (186, 74, 62), (150, 44, 40), (226, 178, 150)
_XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Springfield"/>'
    b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def make_photo() -> bytes:
    """A picture of a burnt forearm, lying on its side (EXIF orientation 6), as JPEG 4:2:0.

    Its EXIF holds GPS, a serial number, the owner's name and a thumbnail; XMP and a comment
    follow.
    """
    upright = _draw()
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    thumbnail = io.BytesIO()
    lying.resize((160, 120)).save(thumbnail, "JPEG", quality=60)
    photo = io.BytesIO()
    lying.save(
        photo,
        "JPEG",
        quality=92,
        subsampling="4:2:0",
        exif=_exif(thumbnail.getvalue()),
        xmp=_XMP,
        comment=b"IMG_0417 sent from Alex's phone",
    )
    return photo.getvalue()


def blur(photo: bytes) -> bytes:
    """The same picture as a hand that shook would have taken it."""
    blurred = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as image:
        shaken = ImageOps.exif_transpose(image).convert("RGB")
        shaken.filter(ImageFilter.GaussianBlur(14)).save(blurred, "JPEG", quality=92)
    return blurred.getvalue()


def _exif(thumbnail: bytes) -> bytes:
    return bytes(
        piexif.dump(  # pyright: ignore - piexif has no types
            {
                "0th": {
                    piexif.ImageIFD.Make: b"Examplephone",
                    piexif.ImageIFD.Model: b"EP-12",
                    piexif.ImageIFD.Orientation: 6,
                    piexif.ImageIFD.Artist: b"Alex Example",
                },
                "Exif": {
                    piexif.ExifIFD.DateTimeOriginal: b"2026:03:14 18:22:05",
                    piexif.ExifIFD.OffsetTimeOriginal: b"-05:00",
                    piexif.ExifIFD.BodySerialNumber: b"SN-4711-0815",
                    piexif.ExifIFD.CameraOwnerName: b"Alex Example",
                },
                "GPS": {
                    piexif.GPSIFD.GPSLatitudeRef: b"N",
                    piexif.GPSIFD.GPSLatitude: ((39, 1), (47, 1), (5556, 100)),
                    piexif.GPSIFD.GPSLongitudeRef: b"W",
                    piexif.GPSIFD.GPSLongitude: ((89, 1), (39, 1), (1884, 100)),
                },
                "1st": {piexif.ImageIFD.Compression: 6},
                "thumbnail": thumbnail,
            }
        )
    )


def _draw() -> Image.Image:
    dice = random.Random(7)  # noqa: S311 - the same picture each time, no secret
    height = _SIZE[1]
    image = Image.new("RGB", _SIZE, (58, 78, 92))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((260, -200, 940, height + 200), radius=320, fill=_SKIN)
    for colour, count, spread, size in (
        (_RED, 60, 190, 120),
        (_DEEP, 26, 120, 70),
        (_BLISTER, 12, 150, 42),
    ):
        for _ in range(count):
            x, y = dice.gauss(600, spread), dice.gauss(760, spread * 1.3)
            x, y = min(max(x, 400), 800), min(max(y, 380), 1180)
            r = dice.uniform(size / 3, size)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    image = image.filter(ImageFilter.GaussianBlur(9))
    _ruler(image)
    grain = Image.effect_noise(_SIZE, 28).convert("RGB")
    return Image.blend(image, grain, 0.07)


def _ruler(image: Image.Image) -> None:
    draw = ImageDraw.Draw(image)
    draw.rectangle((1000, 300, 1110, 1300), fill=(240, 238, 228))
    for mark in range(21):
        y, length = 320 + mark * 48, 60 if mark % 2 == 0 else 34
        draw.line((1000, y, 1000 + length, y), fill=(30, 30, 30), width=5)
