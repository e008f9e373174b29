#!/usr/bin/env python3
"""Prints a header with its comments in Doxygen's form: the INPUT_FILTER of docs/Doxyfile.

    scripts/doxygen_comments.py FILE

* A comment on lines of its own belongs to the declaration below it; lines indented by two spaces or more are code.
* A comment behind a declaration belongs to it, with the lines below that begin in the same column. It documents each
  name of `int64_t done = 0, total = 0;  // units`.
* The comment at the top belongs to the file.
* Declarations of STANDARD mean the same wherever they stand. They get its text unless they have a comment.
* Left out: NOLINT with its reason, comments behind forward declarations and closing braces, and the specializations of
  kChoiceNames, which are data.
"""

import re
import sys
from pathlib import Path

WHOLE = re.compile(r"^(?P<indent>\s*)//\s?(?P<text>.*)$")
TRAILING = re.compile(r"^(?P<code>\s*\S.*?\s)//\s?(?P<text>.*)$")
NO_DECLARATION = re.compile(r"\s*((class|struct) \w+;|\})")
CHOICE_NAMES = re.compile(r"template <>\ninline constexpr auto kChoiceNames<[^;]*;")
FIRST_NAME = re.compile(r"(?P<type>\s*\S.*?\s)\w+( = .*)?$")
OTHER_NAME = re.compile(r" \w+( = .*)?$")
# What Doxygen would take for a command or a tag.
SPECIAL = str.maketrans({c: "\\" + c for c in "@<>\\#%&"})

STANDARD = [(re.compile(pattern), text) for pattern, text in [
    (r"static constexpr const char\* kMethod = ", "Name of the method, as in method_table()."),
    (r"^\s*void describe\(OptionList&( list)?\)(;| \{\})", "Adds every field to the list, with its range and help text."),
    (r"^\s*std::unique_ptr<Method> make\(\) const;", "A new method with these options."),
    (r" = default;", "Compiler-generated."),
    (r" = delete;", "Deleted."),
]]


def escaped(text):
    return re.sub(r"\s*NOLINT.*", "", text).translate(SPECIAL)


def block(indent, texts):
    """A comment on lines of its own."""
    in_code = False
    for text in [*texts, None]:
        is_code = text is not None and text.startswith("  ")
        if is_code != in_code:
            yield f"{indent}/// \\{'code' if is_code else 'endcode'}"
        if text is not None:
            yield f"{indent}/// {text if is_code else escaped(text)}"
        in_code = is_code


def declarations(code):
    """`T a = 0, b = 1;` as [`T a = 0;`, `T b = 1;`]; other code as it is."""
    parts, depth, end = [""], 0, code.rfind(";")
    for c in code[:max(end, 0)]:
        depth += (c in "<({[") - (c in ">)}]")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    first, others = FIRST_NAME.match(parts[0]), parts[1:]
    if not first or not others or depth != 0 or not all(OTHER_NAME.match(part) for part in others):
        return [code]
    return [f"{part}{code[end:]}" for part in [parts[0], *(first["type"] + part[1:] for part in others)]]


def standard(code):
    return next((f"{code}  ///< {text}" for pattern, text in STANDARD if pattern.search(code)), code)


def converted(text):
    """The lines of a header with Doxygen's comments."""
    lines = CHOICE_NAMES.sub(lambda names: "\n" * names[0].count("\n"), text).split("\n")
    if text.startswith("//"):
        yield "/// \\file"
    documented = False
    while lines:
        line = lines.pop(0)
        whole, trailing = WHOLE.match(line), TRAILING.match(line)
        column = len((whole or trailing)[1]) if whole or trailing else None
        texts = [(whole or trailing)["text"]] if whole or trailing else []
        while texts and lines and (more := WHOLE.match(lines[0])) and len(more["indent"]) == column:
            texts.append(more["text"])
            lines.pop(0)
        if whole:
            yield from block(whole["indent"], texts)
        elif trailing and not NO_DECLARATION.match(line) and escaped(texts[0]):
            for code in declarations(trailing["code"]):
                yield f"{code}///< {escaped(texts[0])}"
                yield from (f"{' ' * column}///< {escaped(more)}" for more in texts[1:])
        else:
            code = trailing["code"].rstrip() if trailing else line
            yield code if documented else standard(code)
        documented = bool(whole)


def main():
    print("\n".join(converted(Path(sys.argv[1]).read_text())))


if __name__ == "__main__":
    main()
