// Rows of text as an aligned table, and text in lines of a given width.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp {

using TableRows = std::vector<std::vector<std::string>>;

// One line per row, columns two spaces apart: the first flush left, the others too unless `right`. Widths are in
// columns of a terminal, not bytes. A row may be shorter than the others. Every line ends with a newline and without
// spaces. A cell is one line of text that no terminal obeys (base/text/printable.h).
std::string text_table(TableRows rows, bool right);

// text_table(rows, true) where it fits in `width` columns, or `width` is 0; else several tables below each other, an
// empty line between them. Each begins with the first row and the first column; a later one leaves out rows that say
// nothing in it. `groups`: the first column of each group of columns that are read together, above 0 and ascending: a
// group is split only where it fits into no table of its own. Cells that are too wide (of the first column: a quarter
// of the width, at least 16 columns) continue on the next line. No line is longer than `width`, which is 30 or more.
std::string fitted_table(TableRows rows, const std::vector<size_t>& groups, int64_t width);

// `text` in lines of at most `columns`, broken at blanks; those after the first begin with `indent` blanks. A longer
// word (a path) stays whole. No newline at the end.
std::string wrapped(const std::string& text, int64_t columns, int64_t indent = 0);

// A sentence of a report: `text` in lines of at most `width` columns (0: one line), those after the first indented by
// two. What no terminal should obey is spelled out. Every line ends with a newline.
std::string wrapped_text(const std::string& text, int64_t width);

// Columns a terminal needs for one line of UTF-8: two a wide character (East Asian, most emoji), none a combining one.
size_t display_width(std::string_view text);

// The beginning of `text` that fits into `columns`, whole characters.
std::string cut_to_width(std::string_view text, size_t columns);

// A name of unknown origin for a cell of a table: printable, and of at most `most` columns, the last of them '~' where
// there were more.
std::string fitted_name(std::string_view text, size_t most);

std::string grouped(int64_t number);  // 11,176,512

}  // namespace pdmp
