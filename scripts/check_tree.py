#!/usr/bin/env python3
"""Checks of the source tree that no compiler makes. Run by `make lint` and, as a test, by ctest.

    scripts/check_tree.py [ROOT]     prints one line a complaint; exit 1 where there is any

Rules: includes point down the layers; every source has its test and is listed in its CMakeLists.txt; tests/ mirrors src/, with few
folders more; no file grows
past 500 lines; no notes to self; no folder or file for everything that found no name; docs/data-traps.md and the tests of
traps name each other; outside of the command line errors and log lines name options without dashes.
"""
import re
import sys
from collections import Counter
from pathlib import Path

# From bottom to top. A folder includes from itself and from those before it; metrics and data do not know each other.
LAYERS = ["base", "kernels", "metrics", "data", "models", "optim", "methods", "train", "analysis", "run", "compare", "cli"]
UNRELATED = {("data", "metrics")}

# Folders within a layer, from bottom to top; "" is the layer's own. A folder includes from itself and from those before it.
ROOMS = {
    "base": ["text", "files", ""],
    "data": ["features", "files", "tables", "manifest", "npy", "decode", "svg", "decode/header", "decode/audio", "decode/image",
             "decode/video", "encode", "cache", "types", "loader", "inspect", "importers/shared", "importers/own", "importers/public",
             "importers"],
    "models": ["weights", "layers", "encoders", "fusion", ""],
    "methods": ["parts", ""],
    "train": ["files", "step", ""],
    "run": ["files", "predict", ""],
    "compare": ["", "execute"],
    "cli": ["", "print", "commands"],
}

# Namespaces within pdmp of layers whose own name is taken (pdmp::run is a function), and of those that have none.
NAMESPACES = {"base": "", "train": "training", "run": "runs", "compare": "comparing"}

# Without LibTorch, which costs the compiler seconds a source.
WITHOUT_TORCH = ["base", "kernels", "data/files", "data/tables", "data/manifest", "data/decode", "data/svg", "data/encode",
                 "data/importers/shared", "data/importers/own"]

# C++ files a folder of src/ may hold, and those that hold more, each a file a thing.
MOST_FILES = 25
MORE_FILES = {
    "methods": 45,
}

# The layer that implements each public header. `torch` stands for LibTorch: not for base, free for everyone above it.
PUBLIC_HEADERS = {
    "error": "base", "fwd": "base", "memory": "base", "options": "base", "plugin": "base", "random": "base",
    "registry": "base", "scope": "base", "session": "base", "version": "base", "tensor": "torch", "torch": "torch",
    "metric": "metrics", "statistics": "metrics", "dataset": "data", "file_options": "data", "importer": "data",
    "model": "models", "archive": "optim", "optimizer": "optim", "method": "methods", "method_options": "methods",
    "trainer": "train", "analysis": "analysis", "run": "run", "trained_model": "run", "compare": "compare",
    "pdmp": "compare",
}


def layer_of_public(name):
    """Layer of a header by its path within include/pdmp; '' for one that nobody claims."""
    return "methods" if name.startswith("methods/") else PUBLIC_HEADERS.get(name.removesuffix(".h"), "")


# Sources without a test file of their own, and the test that goes through them.
TESTED_IN = {
    "base/files/json_file.cpp": "base/files/file_test.cpp",
    "base/log.cpp": "base/session_test.cpp",
    "base/spec.cpp": "models/encoder_spec_test.cpp",
    "cli/commands/cache_fill.cpp": "cli/commands/cache_test.cpp",
    "cli/print/failures.cpp": "cli/commands/compare_test.cpp",
    "compare/execute/compare.cpp": "compare/compare_test.cpp",
    "compare/execute/child_runs.cpp": "cli/child_runs_test.cpp",
    "compare/execute/comparison_run.cpp": "cli/commands/compare_test.cpp",
    "data/decode/audio/appended_tags.cpp": "regressions/recording_edges_test.cpp",
    "data/decode/audio/audio_container.cpp": "data/decode/audio/audio_test.cpp",
    "data/decode/audio/mono_mixer.cpp": "data/decode/audio/audio_test.cpp",
    "data/decode/audio/rifx.cpp": "regressions/recording_edges_test.cpp",
    "data/decode/audio/sound_track.cpp": "regressions/file_clock_test.cpp",
    "data/decode/ffmpeg.cpp": "data/decode/image/image_test.cpp",
    "data/decode/file_clock.cpp": "regressions/file_clock_test.cpp",
    "data/decode/header/bmp_header.cpp": "regressions/bmp_test.cpp",
    "data/decode/header/exif.cpp": "data/decode/header/exif_orientation_test.cpp",
    "data/decode/header/image_format.cpp": "data/decode/image/image_test.cpp",
    "data/decode/header/image_parts.cpp": "regressions/orientation_test.cpp",
    "data/decode/header/png_text.cpp": "regressions/orientation_test.cpp",
    "data/decode/header/tiff_directory.cpp": "regressions/orientation_test.cpp",
    "data/decode/image/decode_bmp.cpp": "regressions/bmp_test.cpp",
    "data/decode/image/decode_gif.cpp": "regressions/gif_test.cpp",
    "data/decode/image/decode_png.cpp": "regressions/png_test.cpp",
    "data/decode/image/decode_pnm.cpp": "regressions/pnm_test.cpp",
    "data/decode/image/decode_tiff.cpp": "regressions/tiff_test.cpp",
    "data/decode/image/decode_webp.cpp": "regressions/webp_test.cpp",
    "data/decode/image/ffmpeg_image.cpp": "regressions/png_test.cpp",
    "data/decode/image/libjpeg_errors.cpp": "data/decode/image/decode_jpeg_test.cpp",
    "data/decode/image/lzw.cpp": "regressions/gif_test.cpp",
    "data/decode/image/tiff_file.cpp": "regressions/tiff_test.cpp",
    "data/decode/memory_input.cpp": "data/decode/audio/audio_test.cpp",
    "data/decode/picture_size.cpp": "regressions/pnm_test.cpp",
    "data/decode/pixel_rows.cpp": "regressions/tiff_test.cpp",
    "data/decode/sealed_input.cpp": "regressions/media_reach_test.cpp",
    "data/decode/video/frame_map.cpp": "data/decode/video/video_test.cpp",
    "data/decode/video/rgb_converter.cpp": "data/decode/video/video_test.cpp",
    "data/decode/video/video_reader.cpp": "data/decode/video/video_test.cpp",
    "data/encode/encode_png.cpp": "data/decode/image/image_test.cpp",
    "data/features/normalise.cpp": "data/types/image_test.cpp",
    "data/files/damaged_files.cpp": "regressions/damaged_image_test.cpp",
    "data/files/media_file.cpp": "data/decode/image/image_test.cpp",
    "data/importers/own/folder_layout.cpp": "regressions/folder_layout_test.cpp",
    "data/importers/public/kinetics_classes.cpp": "data/importers/public/kinetics_sounds_test.cpp",
    "data/importers/public/kinetics_folders.cpp": "regressions/list_filter_test.cpp",
    "data/importers/public/vggsound_classes.cpp": "data/importers/public/vggsound_test.cpp",
    "data/importers/shared/clip_media.cpp": "data/importers/shared/clip_set_test.cpp",
    "data/importers/shared/folder_tree.cpp": "regressions/folder_layout_test.cpp",
    "data/importers/shared/imported_set.cpp": "data/importers/public/cefa_test.cpp",
    "data/importers/shared/media_kind.cpp": "data/importers/own/folders_test.cpp",
    "data/importers/shared/output.cpp": "data/importers/public/tuxpaint_test.cpp",
    "data/manifest/class_labels.cpp": "regressions/label_index_test.cpp",
    "data/manifest/dataset_json.cpp": "data/manifest/manifest_test.cpp",
    "data/manifest/file_options.cpp": "regressions/cell_place_test.cpp",
    "data/manifest/row_reader.cpp": "data/loader/media_dataset_test.cpp",
    "data/npy/npy_format.cpp": "data/npy/npy_test.cpp",
    "data/npy/npy_header.cpp": "regressions/array_types_test.cpp",
    "data/npy/npz.cpp": "regressions/array_types_test.cpp",
    "data/svg/draw.cpp": "regressions/svg_process_test.cpp",
    "data/svg/fonts.cpp": "regressions/svg_process_test.cpp",
    "data/svg/main.cpp": "regressions/svg_process_test.cpp",
    "data/svg/sandbox.cpp": "regressions/svg_process_test.cpp",
    "data/svg/svg.cpp": "regressions/svg_process_test.cpp",
    "data/svg/svg_process.cpp": "regressions/svg_process_test.cpp",
    "data/tables/table_text.cpp": "regressions/foreign_table_test.cpp",
    "data/types/flow_pairs.cpp": "data/types/flow_test.cpp",
    "data/types/picture.cpp": "data/types/image_test.cpp",
    "kernels/norm_kernels.cpp": "models/layers/batch_norm_test.cpp",
    "kernels/norm_kernels_avx2.cpp": "models/layers/batch_norm_test.cpp",
    "kernels/norm_kernels_portable.cpp": "models/layers/batch_norm_test.cpp",
    "kernels/winograd_kernels.cpp": "models/layers/winograd_test.cpp",
    "kernels/winograd_kernels_avx2.cpp": "models/layers/winograd_test.cpp",
    "kernels/winograd_kernels_avx512.cpp": "models/layers/winograd_test.cpp",
    "kernels/winograd_kernels_avx512_bf16.cpp": "models/layers/winograd_test.cpp",
    "kernels/winograd_kernels_portable.cpp": "models/layers/winograd_test.cpp",
    "methods/parts/own_logits.cpp": "methods/dgl_test.cpp",
    "models/encode.cpp": "models/model_test.cpp",
    "models/layers/norm_statistics.cpp": "models/layers/batch_norm_test.cpp",
    "models/layers/residual.cpp": "models/encoders/resnet_test.cpp",
    "models/weights/safetensors_header.cpp": "models/weights/safetensors_test.cpp",
    "train/best_weights.cpp": "train/training_loop_test.cpp",
    "train/step/trained_parts.cpp": "train/training_loop_test.cpp",
    "train/step/training_state.cpp": "train/training_loop_test.cpp",
}

# Folders of tests/ that mirror none of src/.
TEST_FOLDERS = {
    "architecture", "contract", "docs", "experiments", "faults", "golden", "install",
    "regressions",  # one file a kind of fault that was found once
    "support",
}

CODE = {".h", ".cpp"}
LONGEST_FILE = 500
FOLDERS = ["include", "src", "tests", "benchmarks", "examples", "fuzz", "cmake", "scripts"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
NAMESPACE = re.compile(r"^namespace (pdmp(?:::\w+)*) \{", re.MULTILINE)
NOTE_TO_SELF = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
TRAPS = Path("docs/data-traps.md")
TEST = re.compile(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", re.MULTILINE)
NAMED_TEST = re.compile(r"`(\w+\.[A-Z]\w+)`")
MESSAGE = re.compile(r"\b(?:throw Error|log_info|log_warning)\(")
TOKEN = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'|[()]')
FLAG = re.compile(r"--(?!help\b)[a-z{]")
NAMELESS = {"util", "utils", "common", "helper", "helpers", "misc"}


def source_files(root, folders=FOLDERS):
    """Text files of the project under `root`, in a fixed order, as paths relative to it."""
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            known = path.suffix in CODE | {".py", ".cmake", ".in"} or path.name == "CMakeLists.txt" or folder == "scripts"
            if path.is_file() and known and "__pycache__" not in path.parts:
                found.append(path.relative_to(root))
    return found


def includes(root, path):
    """(line number, file, quoted) of each include of a C++ file."""
    for number, line in enumerate((root / path).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] or match[2], match[1] is not None


def layer_of(path):
    """Layer of a file of src/ or include/pdmp; None for the precompiled header, '' for a public header nobody claims."""
    if path.parts[0] == "include":
        return layer_of_public("/".join(path.parts[2:]))
    return path.parts[1] if len(path.parts) > 2 else None


def layer_of_include(name, quoted):
    """Layer that an include reaches into; None for one that is none of ours."""
    if not quoted:
        return "torch" if name.startswith(("torch/", "ATen/", "c10/")) else None
    first = name.split("/")[0]
    if first == "pdmp":
        return layer_of_public(name.removeprefix("pdmp/"))
    return first if first in LAYERS else None


def may_include(layer, target):
    if target == "torch" or layer == "torch":
        return True  # check_without_torch
    return LAYERS.index(target) <= LAYERS.index(layer) and (layer, target) not in UNRELATED


def check_includes(root):
    for path in source_files(root, ["include", "src"]):
        layer = layer_of(path)
        if path.suffix not in CODE or layer is None:
            continue
        if layer not in LAYERS + ["torch"]:
            yield f"{path}: expected a file of one of the layers {', '.join(LAYERS)}; name its layer in scripts/check_tree.py"
            continue
        for number, name, quoted in includes(root, path):
            target = layer_of_include(name, quoted)
            if target == "":
                yield f"{path}:{number}: no layer is known for {name}; name it in scripts/check_tree.py"
            elif target is not None and not may_include(layer, target):
                yield f"{path}:{number}: {layer} must not include {name}, which belongs to {target}, above it"


def test_of(source):
    """Path of the test of src/`source`. Tables of a folder are walked by the contract suite."""
    if source.name == "table.cpp" or source.parts == ("pch.cpp",):
        return None
    return Path("tests", TESTED_IN.get(str(source), source.with_name(source.stem + "_test.cpp")))


def room_of(path):
    """Folder of a C++ file below its layer; "" for the layer's own."""
    return "/".join(path.parts[2:-1])


def check_rooms(root):
    """Within a layer, includes point one way from folder to folder."""
    for path in source_files(root, ["src"]):
        layer = layer_of(path)
        if path.suffix not in CODE or layer not in ROOMS:
            continue
        rooms = ROOMS[layer]
        if room_of(path) not in rooms:
            yield f"{path}: expected a file of one of the folders {', '.join(rooms)} of {layer}; name its folder in scripts/check_tree.py"
            continue
        for number, name, quoted in includes(root, path):
            target = Path("src", name)
            if quoted and layer_of(target) == layer and room_of(target) in rooms and rooms.index(room_of(target)) > rooms.index(room_of(path)):
                yield f"{path}:{number}: {path.parent.relative_to('src')} must not include {name}, which lies above it"


def reaches_torch(root, path, known):
    """Whether a C++ file includes LibTorch, itself or through files of ours."""
    if path not in known:
        known[path] = False
        for _, name, quoted in includes(root, path):
            ours = next((Path(top, name) for top in ("include", "src") if quoted and (root / top / name).is_file()), None)
            known[path] = known[path] or layer_of_include(name, quoted) == "torch" or (ours is not None and reaches_torch(root, ours, known))
    return known[path]


def without_torch(path):
    """The folder that does without LibTorch, of a file in it; None for others. Public headers belong to their layer."""
    if path.parts[0] == "include":
        layer = layer_of(path)
        return layer if layer in WITHOUT_TORCH else None
    return next((room for room in WITHOUT_TORCH if path.is_relative_to(Path("src", room))), None)


def check_without_torch(root):
    known = {}
    for path in source_files(root, ["include", "src"]):
        room = without_torch(path) if path.suffix in CODE else None
        if room and reaches_torch(root, path, known):
            yield f"{path}: includes LibTorch, itself or through other headers; {room} does without"


def check_namespaces(root):
    """What is no public interface has a nested namespace a layer. Sources may also define what is public."""
    for path in source_files(root, ["src"]):
        layer = layer_of(path)
        if path.suffix not in CODE or layer not in LAYERS:
            continue
        name = NAMESPACES.get(layer, layer)
        found = set(NAMESPACE.findall((root / path).read_text()))
        allowed = {"pdmp", f"pdmp::{name}"} if not name or path.suffix == ".cpp" else {f"pdmp::{name}"}
        nested = {space for space in found if space in allowed or space.startswith(f"pdmp::{name}::")}
        if found and not nested:
            yield f"{path}: expected its names in namespace {max(allowed, key=len)}, found {', '.join(sorted(found))}"


def check_folders(root):
    """A folder that holds too much is several."""
    counts = Counter(path.parent for path in source_files(root, ["src"]) if path.suffix in CODE)
    for folder, count in sorted(counts.items()):
        most = MORE_FILES.get(str(folder.relative_to("src")), MOST_FILES)
        if count > most:
            yield f"{folder}: expected at most {most} C++ files, found {count}; sort them into folders by what they do"


def check_tests(root):
    for path in source_files(root, ["src"]):
        test = test_of(path.relative_to("src")) if path.suffix == ".cpp" else None
        if test and not (root / test).is_file():
            yield f"{path}: expected its test {test}, found none"


def check_test_folders(root):
    for path in sorted((root / "tests").glob("*/")):
        if path.is_dir() and path.name not in TEST_FOLDERS | set(LAYERS) | {"__pycache__"}:
            yield f"tests/{path.name}: expected a folder of src/ or one of {', '.join(sorted(TEST_FOLDERS))}"
    for path in source_files(root, ["tests"]):
        if path.parts[1] == "regressions" and path.suffix == ".cpp" and not path.stem.endswith("_test"):
            yield f"{path}: expected <kind of fault>_test.cpp"


def check_lists(root):
    """A source that no CMakeLists.txt lists is never built, a test never run. pdmp_test takes all tests of its folder."""
    for path in source_files(root, ["src", "tests"]):
        if path.suffix != ".cpp" or len(path.parts) < 3:
            continue
        lists = [root / folder / "CMakeLists.txt" for folder in path.parents]
        wanted = rf"\b{re.escape(path.name)}\b|^pdmp_test\({path.parts[1]}\b"
        if not any(f.is_file() and re.search(wanted, f.read_text(), re.MULTILINE) for f in lists):
            yield f"{path}: is listed in no CMakeLists.txt of its folder, so it is never built"


def check_text(root):
    for path in source_files(root):
        lines = (root / path).read_text().splitlines()
        if len(lines) > LONGEST_FILE:
            yield f"{path}: expected at most {LONGEST_FILE} lines, found {len(lines)}; split it by what it does"
        for number, line in enumerate(lines, 1):
            if NOTE_TO_SELF.search(line):
                yield f"{path}:{number}: a note to self; do it, or file an issue and cite its number in plain words"
        if path.suffix == ".h" and "#pragma once" not in lines:
            yield f"{path}: expected #pragma once, found none"


def check_names(root):
    for path in source_files(root):
        if NAMELESS & {part.removesuffix(path.suffix).lower() for part in path.parts}:
            yield f"{path}: expected a name that says what is inside"


def check_traps(root):
    """Every test that TRAPS names is there, and every test called Trap... is named in it."""
    tests = {f"{suite}.{name}" for path in source_files(root, ["tests"]) if path.suffix == ".cpp"
             for suite, name in TEST.findall((root / path).read_text())}
    named = set(NAMED_TEST.findall((root / TRAPS).read_text())) if (root / TRAPS).is_file() else set()
    for name in sorted(named - tests):
        yield f"{TRAPS}: names the test {name}, which is in none of tests/"
    for name in sorted(test for test in tests - named if test.partition(".")[2].startswith("Trap")):
        yield f"{TRAPS}: expected a line for the test {name}, found none"


def check_flags(root):
    """Messages of the library name an option in backticks; the dashes are the command line's. See include/pdmp/error.h."""
    for path in source_files(root, ["include", "src"]):
        if path.suffix not in CODE or path.parts[1] == "cli" or path == Path("src/base/flags.cpp"):
            continue
        text = (root / path).read_text()
        for message in MESSAGE.finditer(text):
            depth = 1
            for token in TOKEN.finditer(text, message.end()):
                depth += {"(": 1, ")": -1}.get(token[0], 0)
                if depth == 0:
                    break
                if token[0].startswith('"') and FLAG.search(token[0]):
                    yield f"{path}:{text.count(chr(10), 0, token.start()) + 1}: a message with a flag; name the option in backticks, without dashes"


RULES = [check_includes, check_rooms, check_without_torch, check_namespaces, check_folders, check_tests, check_test_folders, check_lists, check_text, check_names, check_traps, check_flags]


def check(root):
    return [complaint for rule in RULES for complaint in rule(root)]


if __name__ == "__main__":
    complaints = check(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve())
    print("\n".join(complaints) if complaints else "check_tree: nothing to complain about")
    sys.exit(1 if complaints else 0)
