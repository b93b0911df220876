"""HEIC and AVIF files built box by box: what an encoder writes, and what none would.

The three coded pictures are `photos.picture(128, 64)`, encoded once by pillow-heif (HEVC with
8 and 10 bits) and imagecodecs (AV1 with 10 bits), which the tests themselves do not need.
"""

import base64
import struct
from dataclasses import dataclass

from consult.imaging import bmff

HEIC_8_BITS = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<00042ZDn*}000000000XXk=`10000000000aA{+70000000000000"
    "0000000B57=IV*mgE07O6l0RRC200001dH?|c0000000XfA001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F"
    "#rGn01j|zbZr0t000010002iX>f9I0002DX>en20001ZXm(>m0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN"
    "^|NjGU00093kN^M!000939=ZZRVE_RDD?$MQ18@KU0|1Z!00RI30{|YN5FkNix{^w3n}CLc0ssI505Sjo0{{XLVg"
    "LaE2SfqEa<C#m0000JV{dG7ZewhC0096E00w{n000zeb8uw<00000004jh002M$000nhX?SS>000032nYxO000+h"
    "aBX1#00000000310R({p0|Wp71G#NvVRQfh1Fa|luLSt*i+^f)0XP28fB*iWU$XreS!vdq*6m-"
    "D!uU@b7je1Kop%1j_l;<@!|$$HYz15i)>)+wISoid@X=E><6LV<IHWme-bwl32fqwd2NzDC58R4_u{G5?G?L|6xj"
    "06lNlhAYB2Oj76JmT~y0?rKNT*hJz57pFE!(7dQLx0FPc#m6RstU!st7JZR-"
    "1`Iu}KNRJlbHq?tz@1<Sg+n^??t|wRPZriy2zv+P;C%IMXki8iyf@&Hh*_0kJGkM36~wS??6)>99z3Yq2yHR@VFg"
    "&L8>GM~%CBCc2SCIh*0&JGJ3_oLO12b;~PtDccCAw$iXqw=_B2jim7@{a#{E6T7PTjPHRKV{R`iZ0tRZ3!hYT$79"
    "~VPQnlhB4K42Nj7bQJg9cplF^M^)b^U-j-m*NY5(@A?=6&aWI+YL;sE?HeBiffV5j%qwF4m|-"
    "A*!w#BZh9i9mb=O|+xU%pjmqLF!H4eB7;D`>(THZk~<rf*17gbNJy0ku*h|6Eh~$b^isF?YVzAYXzog6l!gu`~}X"
    "%{7{j`iHA3^{J*RC0pH$!99G@|uVHYIXi+sVTq3+`07ztm=5IU?zvq2QBTs6T7!mR*)Cf;vMQoWlW%~ZyjeG&PQP"
    "giqh_OvUfNIk#asQZ(o#T^a4wPM4>E!bS!^1OnWiAc-dKXsG5x+XsngUfvlqBq>nEF<XGG&369Pben&Z15P?K(=;"
    "A$!5${5oF88Fr3K{f$eHIQO!cqWjkM@*DHgyGy6~=IMS@%oBU<{5R@;FDGd?vv4VzYACoU4f@WHj0FEF(bI64OS="
    "=Ogfj&*Lknxz@qCi3j;uU8K7lWh&cpz1#0(4-"
    "(8cF&LJRE{M)~7eFi4kyk)i$yG7myJyRY$>jz^F`DJ0hcS1j#8NMMy%U?&gPx+J+!>Y?%gXx6MJ5kU7Gqey@u*d}"
    "w>J%Rw%3~G|s1<584tu<%>CgIgn=9ht%Dd#GzQhf-RzG$p6!l3kqRw<r#FfZC`tnYhf58pN~%Rn6O@p9RvKe|7xC"
    "|#bX3+elH+Mq9v1(W%V9YyGvS38Ereis|p0s6{@9>4-<4kJ>8F8e#_6sr#-"
    "7w;qgUiCvw`D;WdMMremCt63go(hd_vmq!-"
    "Y^}QtLh7wSX9S^qGpWCCcvGY}#B(b6GT!|_{=1gQzvm7^o~_*t#hk^k?*58`LwSfn=Hgo_Q|7iZmig@qeUAP"
)
HEIC_10_BITS = base64.b85decode(
    "0000SW^{RQXk}@500000ZE0pPXk}@5ZE0a<00040ZDn*}000000000XXk=`10000000000aA{+70000000000000"
    "0000000B57=IV*mgE07O6l0RRC200001cmM$a0000000Qj*001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F"
    "#rGn01j|zbZr0t000010002gX>f9I0002BX>en20001XXm(>m0R#vD005o1000009`FGC{rdU<01pFT0096OKmiN"
    "^|NjIC00093owxu10{{RXx&lC90096hLID8;2mk;B0G+r100RI39-"
    "t5)K{i{dB&NBz2xu@M00096AOHXZ03l)k0RRU?0l{*xB0vBD025<xY;ta6Y<K_x01W^JfB*mh6lrsCWdHyG00000"
    "fB*mhKmY&$5O8UDX#fBK00RmN3IG5A7in;9VE_OC000000RRC6fdT^r0008@ZDe6|0008%C;_ho`0>ww+MZ1<|G="
    ";R|Ll%?FWI?8rn<Ga&MfAe3Co|{wsl{OVxKnNx~~9KMH<w;3<V}lv5yI&P_2vnMNFpM%q?(w#x8D8R0zSJ<pZsKj"
    "(U_U-HRl4w{D`4dpa5&G+=8t;{A%r2P<w112!HufHsy#3(|ygh6})>;9P4Bqg&`?1^VHyfs?<Rd3f8MJ$wQK@H@("
    "aIV=VqIt6s4MV2^0Q7WN^YTfJc*N=w(rTl~8CA!|^Oal;hAFsSmMXPP||JN22rCz^tZ3Jy`S?gXd{2_s~^3z@=5w"
    ")C>5Qu5AYe{UZ+VVFq5NRm~fUS6=ciC9oEevyiI~#qPcBxiz5*!%T)B`!wg%xVj=j#t#m*kgh-"
    "!IY;pzNJQl>|6`h&2|Ol-ShjWJRywpJ(jNfmnP&yZs171k7_ysAidY@NT>Q79lgbDUb}%Xi5`g5>vC%Y=~g>qUIz"
    "Iio;%8!}<nOZD}=P{EPnG9Q2}2>M!-"
    "KEqwSv{Y1rmvB%Ub_$MF=1}z4OxV6whOKR#HHWgw0<N135yuF3;x~!^WM~s0K0?!^$Ar4NWjgu6}7?6bhZ%6;-"
    "KbNb?_bhsGe%Q>VxZvps3pQ=r$WZAk2gJMl%pDhOG(E_c4aHvW4dX%<<)b*o!;=E<(bvW**>;2QU++r;?^RDaiV9"
    "rclWs7%tfESgE?DS0m%#|?b~D8U83w5<8O1*njvJTYwNE$CQg3z%t6H7LkLnn?CAqI-"
    "9eH>e=~Exxv%87OS&`>kn<L7&qW`cZE{CTOAHOXUy)?y8rH+GC$(`-E-+?^3xH1R56nyFAtq8Yrd)yTf-jDrsWo|"
    "bRjK3a7F2&9AUW~kPQ?wXimQQ7VO020z+4^wBC9<qF(;p(iNx05xLy~j3XDM(#Gy;)dT%%N1i}}Ul6$Z_X-"
    "&8Cu`@XF%t((SnWoHTy(K>*$Sfv^np8zLj%bzN6U7BrKQU"
)
AVIF_10_BITS = base64.b85decode(
    "0000WW^{RQVRmU|00000VRmU|ZE0pPZE0a<O+hh10002%ZDn*}000000000XXk=`10000000000aA{+700000000"
    "0000000000004sdC7Z2$lO000310016oY;R)#0000)000310RR910RR926951KxBvhEC~0YKW&i*H00031000_kZ"
    "f0cy000000RRADb}%tRZ)|UJ00000YH4tCZ~y=ROKEUpZvX%Q6lrsCWdHyG00000fB*mhKmY&$5O8UDX#fBK00Rm"
    "N3IG5A3}JRLLxCVb000006Ju{|a&BX6cmM(b0ssbp0000NX>e^}0000000001009I60)qqq00F>lWMOm?0162>8G"
    "ruX1OyErGN=O);W3jy1P&K~luzKXwWKT9GSFF#$HgrOC01zI+~b25YFz#cpdW6GLq=MunC3ViH;PlS$}?nT+s*nM"
    "q47Y}s;mRFrEapSr358(A|KweXKO~1`NABv_>m(jJE9UxXnG6S6IuXq7x=dzDmgT5j$o4+r<Ap8dgZ!-"
    "6{8p{6w*`CQvLf$s+1eypBbJOqWw4*B%)6Ud(%nO{`P5^bgA_Dm+K!wNHMKHiLEm^`Trh+Kq&Q22$6dNqUqbp`7G"
    "U|j-"
    "SaCXyg5eTy;ht&%MJCqXrWIvoK74FJ5yH$wLOo2wBgH#firNwuR2~FiZm$n{eg55zb!sf%U?$lD!$Ix!Rk;`<(H("
    "pRHk;z99!E?CpkrCj=qnFAi~`=DInZl<>DEBBBZO3}Di~dSmby!0c~w8G`{^lQU%fF*Un6>ut8u21PR`?#>iE?-"
    "f_8<k~wy^x^`Qy}YrVz2>Sy)QZyT_v~Qgu#0Q-"
    "4f;U<xKYGt=5tgI#m`;$gSm3`9^aA6M1}QCKUmYD*@<3){CC9VKd*Vog-L~zy1E@p%I3f"
)

_ESSENTIAL = {b"hvcC", b"av1C", b"clap", b"irot", b"imir"}


@dataclass(frozen=True)
class Coded:
    """A coded picture and what a decoder must be told of it."""

    kind: bytes
    payload: bytes
    properties: tuple[bytes, ...]
    """Size, codec configuration, bits."""


def coded(upload: bytes) -> Coded:
    """Take the main picture out of a file that an encoder wrote."""
    meta = next(box for box in bmff.boxes(upload, 0, len(upload)) if box[0] == b"meta")
    index = bmff.read_index(upload, meta)
    ((_, at, size),) = index.extents[index.primary]
    needed = {b"ispe", b"hvcC", b"av1C", b"pixi"}
    properties = tuple(
        upload[start - 8 : end]
        for kind, start, end in index.properties_of(index.primary)
        if kind in needed
    )
    return Coded(index.types[index.primary], upload[at : at + size], properties)


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def full(kind: bytes, *content: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]), *content)


def item(number: int, kind: bytes, more: bytes = b"\x00") -> bytes:
    return full(b"infe", struct.pack(">HH", number, 0), kind, more, version=2)


def located(*places: tuple[int, int, int]) -> bytes:
    """An iloc of items in `idat`: item, offset, length."""
    entries = [struct.pack(">HHHHII", number, 1, 0, 1, at, size) for number, at, size in places]
    return full(b"iloc", b"\x44\x00", struct.pack(">H", len(places)), *entries, version=1)


def clap(width: int, height: int, right: int = 0, down: int = 0) -> bytes:
    """Show `width` x `height` pixels; the offsets of the centre are in half pixels."""
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, right, 2, down, 2))


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 6, 128))


ISPE = full(b"ispe", struct.pack(">II", 4032, 3024))


def make_heic(
    *,
    items: tuple[bytes, ...] = (item(1, b"hvc1"),),
    properties: tuple[bytes, ...] = (ISPE,),
    others: tuple[bytes, ...] = (),
    iloc: bytes = b"",
    iref: bytes = b"",
    idat: bytes = b"",
    behind: bytes = b"",
    brand: bytes = b"heic",
) -> bytes:
    """Item 1 is the main picture and has `properties`; item 2 has `others`."""
    numbers = bytes(
        number | (0x80 if prop[4:8] in _ESSENTIAL else 0)
        for number, prop in enumerate((*properties, *others), start=1)
    )
    mine, theirs = numbers[: len(properties)], numbers[len(properties) :]
    pairs = [struct.pack(">HB", at, len(n)) + n for at, n in ((1, mine), (2, theirs)) if n]
    ipma = full(b"ipma", struct.pack(">I", len(pairs)), *pairs)
    meta = full(
        b"meta",
        full(b"hdlr", bytes(4), b"pict", bytes(13)),
        full(b"pitm", b"\x00\x01"),
        full(b"iinf", struct.pack(">H", len(items)), *items),
        box(b"iprp", box(b"ipco", *properties, *others), ipma),
        iloc,
        iref,
        box(b"idat", idat),
    )
    ftyp = box(b"ftyp", brand + b"\x00\x00\x00\x00mif1" + brand)
    return ftyp + meta + box(b"mdat", bytes(64)) + behind


def make_still(
    upload: bytes,
    *more: bytes,
    brand: bytes = b"heic",
    exif: bytes = b"",
    auxiliary: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """The picture of `upload` with `more` properties, and perhaps an EXIF item and an
    auxiliary picture, which is the same one under the name `auxiliary`.
    """
    source = coded(upload)
    items, places = [item(1, source.kind)], [(1, 0, len(source.payload))]
    references = others = ()
    if auxiliary:
        items.append(item(2, source.kind))
        places.append((2, 0, len(source.payload)))
        others = (*source.properties, full(b"auxC", auxiliary + b"\x00"))
        references = (box(b"auxl", struct.pack(">HHH", 2, 1, 1)),)
    if exif:
        items.append(item(3, b"Exif"))
        places.append((3, len(source.payload), len(exif) + 4))
        references = (*references, box(b"cdsc", struct.pack(">HHH", 3, 1, 1)))
    return make_heic(
        items=tuple(items),
        properties=(*source.properties, *more),
        others=others,
        iloc=located(*places),
        iref=full(b"iref", *references) if references else b"",
        idat=source.payload + bytes(4) + exif,
        behind=behind,
        brand=brand,
    )
