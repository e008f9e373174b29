// Aligned tables for a terminal of any width.
#include "base/text/text_table.h"

#include <algorithm>
#include <glib.h>
#include <numeric>
#include <sstream>

#include "base/text/printable.h"
#include "base/text/utf8.h"

namespace pdmp {
namespace {

constexpr size_t kGap = 2;               // columns between two columns of a table
constexpr size_t kNarrowestName = 16;    // of a table that is too wide
constexpr size_t kLongestCharacter = 4;  // bytes of UTF-8
constexpr std::string_view kBreaks = " :,;=/";

size_t width_of(const Utf8Character& character) {
  if (character.length == 0 || character.code == 0) return 1;
  if (g_unichar_iszerowidth(character.code) != 0) return 0;
  return g_unichar_iswide(character.code) != 0 ? 2 : 1;
}

std::vector<size_t> widths_of(const TableRows& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  return widths;
}

size_t total(const std::vector<size_t>& widths) {
  return widths.empty() ? 0 : std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

// Bytes of `text` that go on a line of `width` columns: up to the last place where a word may break, else as many
// characters as fit, at least one.
size_t first_line(std::string_view text, size_t width) {
  size_t end = 0, columns = 0, best = 0;
  while (end < text.size()) {
    const size_t length = std::max<size_t>(1, utf8_character(text, end).length);
    columns += display_width(text.substr(end, length));
    if (columns > width) return best > 0 ? best : std::max(end, length);
    end += length;
    if (kBreaks.find(text[end - 1]) != std::string_view::npos) best = end;
  }
  return end;
}

// A cell in lines of at most `width` columns; those after the first begin with `indent` blanks.
std::vector<std::string> cell_lines(std::string_view text, size_t width, size_t indent) {
  std::vector<std::string> lines;
  while (lines.empty() || !text.empty()) {
    const size_t before = lines.empty() ? 0 : indent;
    const size_t end = first_line(text, width - before);
    lines.push_back(std::string(before, ' ') + std::string(text.substr(0, end)));
    lines.back().erase(lines.back().find_last_not_of(' ') + 1);
    text.remove_prefix(end);
  }
  return lines;
}

// The row with every cell within its limit, as several rows where a cell needs them.
void add_unfolded(const std::vector<std::string>& row, const std::vector<size_t>& limits, TableRows& result) {
  const size_t first = result.size();
  for (size_t i = 0; i < row.size(); ++i) {
    if (display_width(row[i]) <= limits[i]) {
      result.resize(std::max(result.size(), first + 1));
      result[first].resize(row.size());
      result[first][i] = row[i];
      continue;
    }
    const std::vector<std::string> lines = cell_lines(row[i], limits[i], i == 0 ? kGap : 0);
    result.resize(std::max(result.size(), first + lines.size()));
    for (size_t k = 0; k < lines.size(); ++k) {
      result[first + k].resize(row.size());
      result[first + k][i] = lines[k];
    }
  }
}

// The columns of each table, without the first one, for `room` columns beside it.
std::vector<std::vector<size_t>> blocks_of(const std::vector<size_t>& widths, const std::vector<size_t>& groups,
                                           size_t room) {
  std::vector<std::vector<size_t>> blocks(1);
  size_t used = 0;
  const auto fits = [&](size_t needed) { return blocks.back().empty() || used + kGap + needed <= room; };
  const auto begin_block = [&] {
    blocks.emplace_back();
    used = 0;
  };
  for (size_t column = 1; column < widths.size(); ++column) {
    const auto next = std::upper_bound(groups.begin(), groups.end(), column);
    const size_t end = next == groups.end() ? widths.size() : *next;
    if (std::binary_search(groups.begin(), groups.end(), column)) {
      const size_t needed =
          total({widths.begin() + static_cast<int64_t>(column), widths.begin() + static_cast<int64_t>(end)});
      if (needed <= room && !fits(needed)) begin_block();
    }
    if (!fits(widths[column])) begin_block();
    used += (blocks.back().empty() ? 0 : kGap) + widths[column];
    blocks.back().push_back(column);
  }
  return blocks;
}

// The first column and `columns` of the rows; but for the header, only rows that say something, unless `all`.
TableRows part_of(const TableRows& rows, const std::vector<size_t>& columns, bool all) {
  TableRows part;
  for (const auto& row : rows) {
    std::vector<std::string> line = {row.empty() ? "" : row[0]};
    for (const size_t column : columns) line.push_back(column < row.size() ? row[column] : "");
    const bool silent = std::all_of(line.begin() + 1, line.end(), [](const std::string& cell) { return cell.empty(); });
    if (all || part.empty() || !silent) part.push_back(std::move(line));
  }
  return part;
}

}  // namespace

size_t display_width(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8_character(text, at);
    columns += width_of(character);
    at += std::max<size_t>(character.length, 1);
  }
  return columns;
}

std::string cut_to_width(std::string_view text, size_t columns) {
  size_t end = 0, used = 0;
  while (end < text.size()) {
    const Utf8Character character = utf8_character(text, end);
    used += width_of(character);
    if (used > columns) break;
    end += std::max<size_t>(character.length, 1);
  }
  return std::string(text.substr(0, end));
}

std::string fitted_name(std::string_view text, size_t most) {
  // What is shown of a character is never shorter than the character.
  const std::string shown = printable(text.substr(0, kLongestCharacter * (most + 1)));
  const bool whole = text.size() <= kLongestCharacter * (most + 1) && display_width(shown) <= most;
  return whole ? shown : cut_to_width(shown, most - 1) + "~";
}

std::string text_table(TableRows rows, bool right) {
  for (auto& row : rows) std::transform(row.begin(), row.end(), row.begin(), printable);
  const std::vector<size_t> widths = widths_of(rows);
  std::string result;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - display_width(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (right && i > 0 ? padding + row[i] : row[i] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

std::string fitted_table(TableRows rows, const std::vector<size_t>& groups, int64_t width) {
  for (auto& row : rows) std::transform(row.begin(), row.end(), row.begin(), printable);
  std::vector<size_t> widths = widths_of(rows);
  const auto most = static_cast<size_t>(width);
  if (width == 0 || total(widths) <= most) return text_table(std::move(rows), true);
  widths[0] = std::min(widths[0], std::max(kNarrowestName, most / 4));
  const size_t room = most - widths[0] - kGap;
  for (size_t i = 1; i < widths.size(); ++i) widths[i] = std::min(widths[i], room);
  std::string result;
  for (const std::vector<size_t>& columns : blocks_of(widths, groups, room)) {
    std::vector<size_t> limits = {widths[0]};
    for (const size_t column : columns) limits.push_back(widths[column]);
    TableRows block;
    for (const auto& row : part_of(rows, columns, result.empty())) add_unfolded(row, limits, block);
    result += (result.empty() ? "" : "\n") + text_table(std::move(block), true);
  }
  return result;
}

std::string wrapped(const std::string& text, int64_t columns, int64_t indent) {
  std::string lines;
  int64_t column = 0;
  std::istringstream words(text);
  for (std::string word; words >> word; lines += word) {
    const auto width = static_cast<int64_t>(display_width(word));
    if (column > 0 && column + 1 + width > columns) {
      lines += "\n" + std::string(static_cast<size_t>(indent), ' ');
      column = indent;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    column += width;
  }
  return lines;
}

std::string wrapped_text(const std::string& text, int64_t width) {
  constexpr int64_t kIndent = 2;
  const std::string line = printable(text);
  const bool fits = width == 0 || display_width(line) <= static_cast<size_t>(width);
  return (fits ? line : wrapped(line, width, kIndent)) + "\n";
}

std::string grouped(int64_t number) {
  const std::string digits = std::to_string(number);
  const size_t sign = number < 0 ? 1 : 0;
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

}  // namespace pdmp
