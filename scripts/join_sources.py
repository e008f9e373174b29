#!/usr/bin/env python3
"""join_sources.py FOLDER SOURCE...: which sources a compiler can take as one (cmake/Library.cmake, scripts/lint).

Most of what a source costs the compiler is the headers, the same for all. Sources can be joined where none of them uses
a name that another keeps to itself (in an unnamed namespace or as a macro): it would mean something else there.
Prints "NUMBER SOURCE" a line, the group of each source that has company.
"""

import re
import sys
from pathlib import Path

GROUP = 8  # sources at most
ALIAS = re.compile(r"(?:using namespace|using|namespace)\s+(?:[\w:]*::)?(\w+)\s*(?:=[^;]*)?;")
TYPE = re.compile(r"(?:template\b.*>\s*)?(?:class|struct|enum class|enum)\s+(\w+)")
FUNCTION_OR_VALUE = re.compile(r"\b(\w+)\s*(?:\(|\[|=|\{|;|,)")
MEMBER = re.compile(r"[^=(]*\w::~?\w+\(")
MACRO = re.compile(r"#\s*define\s+(\w+)")


class Source:
    def __init__(self, folder, name):
        self.name = name
        text = (folder / name).read_text()
        self.words = set(re.findall(r"[A-Za-z_]\w*", text))
        self.aliases = {}  # name -> the line that makes it
        self.own = set()
        hidden = False
        for line in text.splitlines():
            if macro := MACRO.match(line):
                self.own.add(macro.group(1))
            elif line.startswith("namespace {"):
                hidden = True
            elif re.match(r"}  // namespace$", line):
                hidden = False
            elif hidden and line and line[0] not in " }/#":
                self.add(line)

    def add(self, line):
        if alias := ALIAS.match(line):
            self.aliases[alias.group(1)] = line
        elif found := TYPE.match(line):
            self.own.add(found.group(1))
        elif not line.startswith(("TEST", "template", "static_assert", "INSTANTIATE")):
            while line != (line := re.sub(r"<[^<>]*>", "", line)):
                pass
            found = None if MEMBER.match(line) else FUNCTION_OR_VALUE.search(line)
            if found:
                self.own.add(found.group(1))

    def goes_with(self, other):
        same = all(other.aliases.get(name, line) == line for name, line in self.aliases.items())
        return same and not (self.own & other.words) and not (other.own & self.words)


def join(sources, most=GROUP):
    """Groups of at most `most`, filled from the sources that are hardest to place on."""
    groups = []
    for source in sorted(sources, key=lambda source: (-len(source.own), source.name)):
        fits = (group for group in groups if len(group) < most and all(source.goes_with(other) for other in group))
        if group := next(fits, None):
            group.append(source)
        else:
            groups.append([source])
    return groups


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for number, group in enumerate(join([Source(folder, name) for name in sys.argv[2:]])):
        for source in group if len(group) > 1 else []:
            print(number, source.name)
