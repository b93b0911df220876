"""What is to become of each photo of the corpus, by the first six digits of its hash."""

AS_IS = [
    "33516b",
    "fd0faf",
    "2e4310",
    "e21649",
    "52e735",
    "a2d147",
    "fea670",
    "941b9c",
    "724e74",
    "faa46d",
    "d45980",
    "0291b9",
    "74401c",
    "8e2a62",
    "c8a492",
    "b80a49",
    "16d293",
    "689b0d",
    "fa06e8",
    "8097d3",
    "4294fb",
    "3647ba",
    "848683",
    "92f8c1",
    "063271",
    "d094e7",
    "ea19fc",
    "d0c734",
    "c092a4",
    "54d5da",
    "866ba8",
    "e61da5",
    "360eb3",
    "0a986e",
    "606769",
    "c64686",
    "ac7599",
    "146601",
    "227f97",
    "54ecae",
    "12c59a",
    "3495de",
    "a016a3",
    "def727",
    "0e26b4",
    "a6ac5c",
]
TURNED = {"3ad8b0": 6, "36cf64": 4, "74e91f": 4, "74c9a6": 2, "a67306": 2, "468714": 5}
IMPERFECT = {
    **dict.fromkeys(["cf0be8", "323ce0", "a05082", "7c9164", "48676a", "2cd331"], 6),
    **dict.fromkeys(["269166", "66b38a"], 8),
    **dict.fromkeys(["ca9fb9", "e4ca46"], 3),
    **dict.fromkeys(["50fc16", "de5acd"], 4),
    "f0b06c": 2,
}
TRANSCODED = ["f0096a", "9e906c", "ac02e2", "4672c7", "10d5c5"]
UNUSUAL_SAMPLING = ["50af7a", "cee087"]
PRINTING_INKS = ["ac5568"]
CONVERTED = {
    **dict.fromkeys(["e760c8", "73f604"], 6),
    **dict.fromkeys(["fee262", "6a0fed"], 3),
    "f0b712": 2,
    "547168": 8,
    **dict.fromkeys(
        [
            "008364",
            "9a0d28",
            "f493ef",
            "8ec8bc",
            "e882a6",
            "d04140",
            "f4c3d7",
            "b2690d",
            "7a7086",
            "e6b30c",
            "304889",
            "08640f",
            "ae18fd",
            "54fe88",
            "90017d",
            "6e886d",
            "907e1f",
            "b2d686",
            "769bf3",
            "be7fe8",
            "70ceb2",
            "4e8ab1",
            "4a5afe",
            "e8402f",
            "f220df",
            "bcc3eb",
        ],
        1,
    ),
}
REFUSED = {
    "88c009": "damaged_photo",  # cut short: only strict decoding sees it
    "d2e9c7": "too_many_pixels",
    "e0b8a0": "incomplete_photo",
    "c617b4": "unsupported_coding",
    **dict.fromkeys(["94e40a", "40e679"], "impossible_size"),
    "3af43e": "incomplete_photo",
    "cae34b": "damaged_photo",
    **dict.fromkeys(
        ["4059f7", "e252a0", "00b53c", "16e5b4", "946f07", "aea6b2", "7e5a60"], "damaged_photo"
    ),
    **dict.fromkeys(["82b702", "ced86f"], "animated"),
    **dict.fromkeys(["a8100a", "32461d"], "not_a_photo"),
    "d69b68": "too_many_pixels",
    **dict.fromkeys(["dc1c78", "76e72e", "9a83b1", "50f8cd"], "incomplete_photo"),
    **dict.fromkeys(
        ["d4356c", "dc6ab0", "8042b4", "f698b6", "bee753", "924a8e", "72e0d8"], "damaged_photo"
    ),
}
PROFILES = {
    **dict.fromkeys(["52e735", "2e4310", "e760c8", "73f604"], "Display P3"),
    **dict.fromkeys(["d094e7", "e882a6", "e8402f", "fd0faf", "724e74", "be7fe8", "6e886d"], "sRGB"),
    "7a7086": "RGB profile",
    "ea19fc": "RGB profile",  # its XYZ values have a type name that is scrambled
    "70ceb2": None,  # for grey, in a photo in colour
    "90017d": None,
}

# What the manifest calls by another name; what it saw inside a MakerNote, a packed text or a
# broken directory, which nobody here opens, is not ours to find.
KINDS = {
    "gps_ifd": "gps", "serial_or_uid": "serial", "thumb_preview": "thumbnail",
    "gainmap": "gain_map", "motion": "motion_video",
}  # fmt: skip
IGNORED_KINDS = {"make", "time", "offset", "place", "faces"}
UNSEEN = {
    *(("f0096a", "serial"), ("c092a4", "serial"), ("e21649", "serial"), ("227f97", "serial")),
    *(("b80a49", "serial"), ("008364", "thumbnail"), ("f493ef", "photoshop")),
    ("9e906c", "makernote"),
}
ACCEPTED = [
    *AS_IS, *TURNED, *IMPERFECT, *TRANSCODED, *UNUSUAL_SAMPLING, *PRINTING_INKS, *CONVERTED,
]  # fmt: skip
