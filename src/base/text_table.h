// Rows of text as an aligned table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pdmp {

// One line per row, columns two spaces apart: the first flush left, the others too unless `right`. Widths are in
// characters, not bytes. A row may be shorter than the others. Every line ends with a newline and without spaces.
// A cell is one line of text that no terminal obeys (base/printable.h).
std::string text_table(std::vector<std::vector<std::string>> rows, bool right);

std::string grouped(int64_t number);  // 11,176,512

}  // namespace pdmp
