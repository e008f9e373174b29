"""Image files of every kind that images_check.py compares: write_files(folder) gives name -> path."""
import io
import itertools
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image


# ---- Pictures -------------------------------------------------------------------------------------------------------

SIZES = [(31, 23), (1, 1), (7, 2), (64, 48)]  # width, height


def colors(width, height, seed=0):
    """Smooth shapes with noise on them, RGB."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin(x / (4 + 2 * c) + c) * np.cos(y / (7 - 2 * c)) for c in range(3)]
    return np.clip(np.stack(waves, -1) + random.normal(0, 12, (height, width, 3)), 0, 255).astype(np.uint8)


def alpha(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return ((x * 37 + y * 11) % 256).astype(np.uint8)


def rgb(width=31, height=23, seed=0):
    return Image.fromarray(colors(width, height, seed))


def rgba(width=31, height=23):
    return Image.fromarray(np.dstack([colors(width, height), alpha(width, height)]))


def palette(count, width=31, height=23):
    return rgb(width, height).quantize(count)


def wide(width=31, height=23):
    """16 bits."""
    return Image.fromarray((colors(width, height)[..., 0].astype(np.uint16) * 257) ^ 0x5A)


def exif_of(orientation, kind="H"):
    types = {"H": 3, "L": 4, "b": 6, "h": 8, "l": 9, "B": 1}
    value = struct.pack(">" + kind, orientation).ljust(4, b"\0")
    return b"MM\0*" + struct.pack(">IHHHI", 8, 1, 0x0112, types[kind], 1) + value + bytes(4)


def xmp_of(orientation):
    description = f'<rdf:Description tiff:Orientation="{orientation}"/>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{description}</x:xmpmeta>'.encode()


# ---- PNG ------------------------------------------------------------------------------------------------------------

def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def packed(samples, depth):
    """Rows of samples (H, W * S) -> bytes a row, most significant bits first."""
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in samples]
    bits = ((samples[..., None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
    return [np.packbits(row.reshape(-1)).tobytes() for row in bits]


def filtered(rows, width_of_pixel):
    """Each row by another of PNG's filters."""
    result, above = b"", None
    for number, row in enumerate(rows):
        kind = number % 5
        above = above if above is not None and len(above) == len(row) else bytes(len(row))
        coded = bytearray()
        for i, value in enumerate(row):
            left = row[i - width_of_pixel] if i >= width_of_pixel else 0
            corner = above[i - width_of_pixel] if i >= width_of_pixel else 0
            guess = left + above[i] - corner
            paeth = min((abs(guess - left), 0, left), (abs(guess - above[i]), 1, above[i]),
                        (abs(guess - corner), 2, corner))[2]
            coded.append((value - (0, left, above[i], (left + above[i]) // 2, paeth)[kind]) & 255)
        result += bytes([kind]) + bytes(coded)
        above = row
    return result


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, depth, color, interlaced, *chunks):
    """samples (H, W, S)."""
    height, width, count = samples.shape
    pixel = max(1, depth * count // 8)
    data = b""
    for x, y, right, down in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::down, x::right]
        if part.size:
            data += filtered(packed(part.reshape(part.shape[0], -1), depth), pixel)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IDAT", zlib.compress(data)) +
            chunk(b"IEND", b""))


def write_png(add):
    for (width, height), interlaced in itertools.product(SIZES, (False, True)):
        size, how = f"{width}x{height}", "interlaced" if interlaced else "plain"
        color = colors(width, height).astype(np.uint16)
        through = alpha(width, height).astype(np.uint16)[..., None]
        for depth in (1, 2, 4, 8, 16):
            gray = color[..., :1] * 257 >> (16 - depth)
            first = int(gray[0, 0, 0])
            add(f"png gray{depth} {how} {size}", png(gray, depth, 0, interlaced))
            add(f"png gray{depth} transparent {how} {size}",
                png(gray, depth, 0, interlaced, chunk(b"tRNS", struct.pack(">H", first))))
            if depth <= 8:
                table = np.random.default_rng(depth).integers(0, 256, (1 << depth, 3)).astype(np.uint8).tobytes()
                add(f"png palette{depth} {how} {size}", png(gray, depth, 3, interlaced, chunk(b"PLTE", table)))
                shades = bytes((i * 41) % 256 for i in range(min(1 << depth, 100)))
                add(f"png palette{depth} alpha {how} {size}",
                    png(gray, depth, 3, interlaced, chunk(b"PLTE", table), chunk(b"tRNS", shades)))
        for depth in (8, 16):
            deep = color if depth == 8 else color * 256 + 255 - color
            clear = through if depth == 8 else through * 257
            add(f"png rgb{depth} {how} {size}", png(deep, depth, 2, interlaced))
            key = struct.pack(">HHH", *map(int, deep[0, 0]))
            add(f"png rgb{depth} transparent {how} {size}", png(deep, depth, 2, interlaced, chunk(b"tRNS", key)))
            add(f"png rgba{depth} {how} {size}", png(np.dstack([deep, clear]), depth, 6, interlaced))
            add(f"png graya{depth} {how} {size}", png(np.dstack([deep[..., :1], clear]), depth, 4, interlaced))
    for mode in ("1", "L", "LA", "RGB", "RGBA", "P"):
        for options in ({}, {"optimize": True}, {"compress_level": 0}):
            add(f"png pillow {mode} {options}", saved(rgba().convert(mode), "png", **options))
    for count in (2, 3, 16, 200):
        add(f"png pillow palette of {count}", saved(palette(count), "png"))
        add(f"png pillow palette of {count} with transparency", saved(palette(count), "png", transparency=1))
    for orientation in range(1, 9):
        plain = png(colors(31, 23).astype(np.uint16), 8, 2, False)
        profile = b"Exif\0\0" + exif_of(orientation)
        text = f"\nexif\n{len(profile):8}\n{profile.hex()}\n".encode()
        xmp = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_of(orientation)
        for name, extra in {"eXIf": chunk(b"eXIf", exif_of(orientation)),
                            "zTXt": chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)),
                            "tEXt": chunk(b"tEXt", b"Raw profile type exif\0" + text),
                            "XMP": chunk(b"iTXt", xmp)}.items():
            add(f"png orientation {orientation} {name}", plain[:33] + extra + plain[33:])


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


# ---- JPEG -----------------------------------------------------------------------------------------------------------

def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def without_adobe(jpeg):
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]:]


def write_jpeg(add):
    for (width, height), quality, progressive in itertools.product(SIZES, (40, 95), (False, True)):
        options = {"quality": quality, "progressive": progressive}
        size = f"{width}x{height} {quality}{' progressive' if progressive else ''}"
        add(f"jpeg L {size}", saved(rgb(width, height).convert("L"), "jpeg", **options))
        for sampling in (0, 1, 2, "4:1:1"):
            add(f"jpeg RGB {sampling} {size}", saved(rgb(width, height), "jpeg", subsampling=sampling, **options))
        ink = saved(rgb(width, height).convert("CMYK"), "jpeg", **options)
        add(f"jpeg CMYK {size}", ink)
        add(f"jpeg CMYK without Adobe's marker {size}", without_adobe(ink))
    add("jpeg RGB kept", saved(rgb(), "jpeg", keep_rgb=True))
    add("jpeg restart markers", saved(rgb(64, 48), "jpeg", restart_marker_rows=1))
    add("jpeg optimized", saved(rgb(64, 48), "jpeg", optimize=True))
    plain = saved(rgb(), "jpeg")
    for orientation in range(1, 9):
        exif = {kind: segment(0xE1, b"Exif\0\0" + exif_of(orientation, kind)) for kind in "HLbhlB"}
        for name, extra in {"fill": b"\xff\xff" + exif["H"],
                            "XMP": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_of(orientation)),
                            **{f"type {kind}": block for kind, block in exif.items()}}.items():
            add(f"jpeg orientation {orientation} {name}", plain[:2] + extra + plain[2:])


# ---- WebP, GIF ------------------------------------------------------------------------------------------------------

def write_webp(add):
    for (width, height), quality in itertools.product(SIZES, (20, 80, 100)):
        for name, image in (("RGB", rgb(width, height)), ("RGBA", rgba(width, height))):
            add(f"webp {name} {quality} {width}x{height}", saved(image, "webp", quality=quality))
    for (width, height), exact in itertools.product(SIZES, (False, True)):
        for name, image in (("RGB", rgb(width, height)), ("RGBA", rgba(width, height))):
            add(f"webp lossless {name} {'exact ' if exact else ''}{width}x{height}",
                saved(image, "webp", lossless=True, exact=exact))
    for lossless in (False, True):
        for name, make in (("RGB", rgb), ("RGBA", lambda w=31, h=23, seed=0: rgba(w, h))):
            more = [rgb(31, 23, seed) for seed in (1, 2)]
            add(f"webp animated {name} lossless {lossless}",
                saved(make(), "webp", save_all=True, append_images=more, lossless=lossless))
    for orientation in range(1, 9):
        add(f"webp orientation {orientation}", saved(rgb(), "webp", exif=b"Exif\0\0" + exif_of(orientation)))
        add(f"webp orientation {orientation} XMP", saved(rgb(), "webp", xmp=xmp_of(orientation)))


def write_gif(add):
    for (width, height), interlace in itertools.product(SIZES, (0, 1)):
        for name, image in (("L", rgb(width, height).convert("L")), ("RGB", rgb(width, height)),
                            ("RGBA", rgba(width, height)), ("1", rgb(width, height).convert("1")),
                            ("P16", palette(16, width, height))):
            add(f"gif {name} interlace {interlace} {width}x{height}", saved(image, "gif", interlace=interlace))
    for count in (2, 4, 7, 100, 256):
        add(f"gif palette of {count} with transparency", saved(palette(count), "gif", transparency=1))
    for disposal in (0, 1, 2, 3):
        frames = [rgb(31, 23, seed) for seed in range(1, 4)]
        add(f"gif animated disposal {disposal}",
            saved(rgb(), "gif", save_all=True, append_images=frames, disposal=disposal, duration=50))
        add(f"gif animated transparent disposal {disposal}",
            saved(rgba(), "gif", save_all=True, append_images=frames, disposal=disposal, duration=50))
    # The frame moved away from the corner of a larger canvas.
    for transparent in (False, True):
        gif = bytearray(saved(palette(8), "gif", **({"transparency": 2} if transparent else {})))
        gif[6:10] = struct.pack("<HH", 40, 30)
        at = gif.index(b",", 13 + 3 * (2 << (gif[10] & 7)))
        gif[at + 1:at + 5] = struct.pack("<HH", 5, 3)
        add(f"gif offset frame{' transparent' if transparent else ''}", bytes(gif))
    write_gif_edges(add)


def gif_codes(values):
    """Of values below 4: codes of three bits, each two values behind a code that clears."""
    codes = [code for i, value in enumerate(values) for code in ([4, value] if i % 2 == 0 else [value])] + [5]
    number = sum(code << 3 * i for i, code in enumerate(codes))
    return number.to_bytes((3 * len(codes) + 7) // 8, "little")


def gif(width, height, frames, table=b"\x0A\x14\x1E\xC8\x64\0\x28\x32\x3C\x46\x50\x5A", background=1):
    """frames: (left, top, width, height, values, bytes before it, its own palette)."""
    flags = 0x80 | (len(table) // 3).bit_length() - 2 if table else 0
    data = b"GIF89a" + struct.pack("<HHBBB", width, height, flags, background, 0) + table
    for left, top, wide, high, values, before, own in frames:
        codes = gif_codes(values)
        data += before + b"," + struct.pack("<HHHHB", left, top, wide, high, 0x81 if own else 0) + own
        data += bytes([2, len(codes)]) + codes + b"\0"
    return data + b";"


def write_gif_edges(add):
    def control(flags, transparent):
        return b"!\xF9\4" + bytes([flags, 10, 0, transparent, 0])

    own = bytes(range(100, 112))
    for name, before in {"": b"", " transparent": control(1, 3), " not transparent": control(0, 3),
                         " two controls": control(1, 1) + control(0, 0), " comment": b"!\xFE\3abc\0",
                         " bytes between": b"\0\0xyz"}.items():
        for palette_name, local in {"": b"", " own palette": own}.items():
            how = name + palette_name
            add(f"gif covered{how}", gif(2, 2, [(0, 0, 2, 2, [0, 1, 2, 3], before, local)]))
            add(f"gif uncovered{how}", gif(3, 2, [(1, 1, 1, 1, [1], before, local)]))
            add(f"gif beyond the canvas{how}", gif(1, 1, [(2, 1, 1, 1, [1], before, local)]))
            add(f"gif canvas of no size{how}", gif(0, 0, [(0, 0, 2, 1, [2, 3], before, local)]))
        add(f"gif no palette{name}", gif(2, 1, [(0, 0, 2, 1, [3, 1], before, b"")], b""))
        add(f"gif two colors{name}", gif(2, 1, [(0, 0, 2, 1, [3, 1], before, b"")], own[:6]))


# ---- TIFF -----------------------------------------------------------------------------------------------------------

def write_tiff(add):
    modes = {"1": rgb(64, 48).convert("1"), "L": rgb(64, 48).convert("L"), "LA": rgba(64, 48).convert("LA"),
             "P": palette(50, 64, 48), "RGB": rgb(64, 48), "RGBA": rgba(64, 48), "CMYK": rgb(64, 48).convert("CMYK"),
             "YCbCr": rgb(64, 48).convert("YCbCr"), "I;16": wide(64, 48)}
    for (mode, image), compression in itertools.product(
            modes.items(), ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "lzma", "zstd", "jpeg",
                            "group3", "group4", "tiff_ccitt")):
        if compression in ("group3", "group4", "tiff_ccitt") and mode != "1":
            continue
        if compression == "jpeg" and mode in ("1", "P", "LA", "RGBA", "I;16"):
            continue
        for name, options in {"": {}, " big": {"big_tiff": True}, " strips": {"strip_size": 1000},
                              " predictor": {"tiffinfo": {317: 2}}}.items():
            predicts = compression in ("tiff_lzw", "tiff_adobe_deflate") and mode not in ("1", "YCbCr")
            if name == " predictor" and not predicts:
                continue
            try:
                bytes_of = saved(image, "tiff", compression=compression, **options)
            except (OSError, RuntimeError, ValueError, SystemError):
                continue  # what this Pillow does not write
            add(f"tiff {mode} {compression}{name}", bytes_of)
    for orientation in range(1, 9):
        for compression in ("raw", "tiff_lzw"):
            add(f"tiff orientation {orientation} {compression}",
                saved(rgb(), "tiff", compression=compression, tiffinfo={274: orientation}))
    gray, color = colors(64, 48)[..., 0], colors(64, 48)
    for order, name in itertools.product("<>", ("gray", "gray16", "rgb", "rgb16", "planes", "rgba", "cmyk")):
        for tile in (None, (16, 16), (32, 16)):
            samples = {"gray": gray, "gray16": gray.astype(np.uint16) * 257, "rgb": color,
                       "rgb16": color.astype(np.uint16) * 256 + 3, "planes": np.moveaxis(color, -1, 0),
                       "rgba": np.dstack([color, alpha(64, 48)]), "cmyk": np.dstack([color, gray // 2])}[name]
            kind = {"gray": "minisblack", "gray16": "minisblack", "cmyk": "separated"}.get(name, "rgb")
            file = io.BytesIO()
            tifffile.imwrite(file, samples, byteorder=order, tile=tile, photometric=kind,
                             planarconfig="separate" if name == "planes" else None,
                             extrasamples=["unassalpha"] if name == "rgba" else None, metadata=None)
            add(f"tiff {name} of tifffile {order} {tile}", file.getvalue())


# ---- BMP, PPM -------------------------------------------------------------------------------------------------------

def bmp(samples, bits, header=40, masks=(), table=b"", top_down=False, compression=None, data=None, offset=None):
    """samples (H, W): the whole number of a pixel."""
    height, width = samples.shape
    if data is None:
        rows = []
        for row in samples if top_down else samples[::-1]:
            if bits >= 8:
                line = b"".join(int(v).to_bytes(bits // 8, "little") for v in row)
            else:
                line = packed(row[None], bits)[0]
            rows.append(line + bytes(-len(line) % 4))
        data = b"".join(rows)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits,
                           compression if compression is not None else 3 if masks else 0, len(data), 2835, 2835,
                           len(table) // 4 if table else 0, 0)
        info += b"".join(struct.pack("<I", mask) for mask in masks)
        info = info.ljust(header, b"\0")
    start = 14 + len(info) + len(table)
    offset = start if offset is None else offset
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, offset) + info + table + data


def run_length(samples, half):
    data = b""
    for row in samples[::-1]:
        at = 0
        while at < len(row):
            count = 1
            while at + count < len(row) and count < 255 and row[at + count] == row[at]:
                count += 1
            data += bytes([count, int(row[at]) * 17 if half else int(row[at])])
            at += count
        data += b"\0\0"
    return data + b"\0\1"


def write_bmp(add):
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        for width, height in SIZES:
            add(f"bmp pillow {mode} {width}x{height}", saved(rgba(width, height).convert(mode), "bmp"))
    color = colors(31, 23).astype(np.uint32)
    red, green, blue = (color[..., c] for c in range(3))
    through = alpha(31, 23).astype(np.uint32)
    whole = through << 24 | red << 16 | green << 8 | blue
    table = np.random.default_rng(3).integers(0, 256, (256, 3)).astype(np.uint8)
    for header, top_down in itertools.product((12, 40, 52, 56, 64, 108, 124), (False, True)):
        if header == 12 and top_down:
            continue
        how = f"header {header}{' top down' if top_down else ''}"
        for bits in (1, 4, 8):
            entries = table[:1 << bits]
            padded = b"".join(bytes(entry) + (b"" if header == 12 else b"\0") for entry in entries)
            for name, offset in (("", None), (" offset on the palette", 14 + header), (" offset 0", 0)):
                add(f"bmp palette{bits} {how}{name}",
                    bmp(red >> (8 - bits), bits, header, (), padded, top_down, offset=offset))
        add(f"bmp 16 {how}", bmp(whole & 0x7FFF, 16, header, (), b"", top_down))
        add(f"bmp 24 {how}", bmp(whole & 0xFFFFFF, 24, header, (), b"", top_down))
        add(f"bmp 32 {how}", bmp(whole, 32, header, (), b"", top_down))
    for name, bits, masks in [("565", 16, (0xF800, 0x7E0, 0x1F)), ("555", 16, (0x7C00, 0x3E0, 0x1F)),
                              ("BGRX", 32, (0xFF0000, 0xFF00, 0xFF)), ("XBGR", 32, (0xFF000000, 0xFF0000, 0xFF00)),
                              ("BGR", 24, (0xFF0000, 0xFF00, 0xFF))]:
        add(f"bmp masks {name}", bmp(whole & ((1 << bits) - 1), bits, 40, masks))
        add(f"bmp masks {name} header 52", bmp(whole & ((1 << bits) - 1), bits, 52, masks))
    for name, masks in [("BGRA", (0xFF0000, 0xFF00, 0xFF, 0xFF000000)), ("RGBA", (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
                        ("ABGR", (0xFF000000, 0xFF0000, 0xFF00, 0xFF)), ("none", (0, 0, 0, 0))]:
        for header in (56, 108, 124):
            add(f"bmp masks {name} header {header}", bmp(whole, 32, header, masks))
    flat = red // 64 * 40
    padded = b"".join(bytes(entry) + b"\0" for entry in table)
    add("bmp rle8", bmp(flat, 8, 40, (), padded, compression=1, data=run_length(flat, False)))
    add("bmp rle4", bmp(flat // 16, 4, 40, (), padded[:64], compression=2, data=run_length(flat // 16, True)))
    few = padded[:4 * 252]
    for bits, name, entries in [(4, "colors", padded[:12]), (8, "colors", padded[:12]),
                                (8, "grays", b"".join(bytes([i, i, i, 0]) for i in range(3)))]:
        add(f"bmp palette{bits} of 3 {name}", bmp(red >> (8 - bits), bits, 40, (), entries))
    add("bmp of 252 colors, offset 54", bmp(red % 252, 8, 40, (), few, offset=54))


def write_ppm(add):
    for width, height in SIZES:
        add(f"ppm P6 {width}x{height}", saved(rgb(width, height), "ppm"))
        add(f"ppm P5 {width}x{height}", saved(rgb(width, height).convert("L"), "ppm"))
        add(f"ppm P4 {width}x{height}", saved(rgb(width, height).convert("1"), "ppm"))
        for largest in (1, 2, 100, 255, 256, 1023, 65535):
            values = colors(width, height).astype(np.uint32) * largest // 255
            for count in (1, 3):
                samples = values[..., :count].reshape(-1)
                header = f" {width} # comment\n{height}\n{largest}\n".encode()
                stored = samples.astype(np.uint8 if largest < 256 else ">u2").tobytes()
                text = " ".join(map(str, samples)).encode() + b"\n"
                name = f"{count} samples up to {largest} {width}x{height}"
                add(f"ppm {name}", (b"P5" if count == 1 else b"P6") + header + stored)
                add(f"ppm plain {name}", (b"P2" if count == 1 else b"P3") + header + text)


# ---- All of them ----------------------------------------------------------------------------------------------------

def write_files(folder):
    """name -> path."""
    files = {}
    kinds = {"png": write_png, "jpg": write_jpeg, "webp": write_webp, "gif": write_gif, "tif": write_tiff,
             "bmp": write_bmp, "ppm": write_ppm}
    for suffix, write in kinds.items():
        def add(name, content, suffix=suffix):
            assert name not in files, name
            files[name] = folder / f"{len(files):04}.{suffix}"
            files[name].write_bytes(content)

        write(add)
    return files
