// Lists within lists as text: "pdmp:coefficients=[audio=15,lips=15],joint". What stands between brackets or quotes is
// one value. A bracket or quote opens one where a value begins, at the start of the text or after one of ",:=[";
// elsewhere it is a character like any other ("o'brien", "a[1]").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp {

// What is wrong with the brackets and quotes of `text`, with positions counted from 1; empty: nothing.
std::string nesting_problem(std::string_view text);
void expect_nested(std::string_view text, std::string_view where);  // Error{usage} with that problem

// The items between the separators that stand outside of brackets and quotes, as they are; "" is one empty item.
std::vector<std::string> split_nested(std::string_view text, char separator);

// Whether one of these characters stands outside of brackets and quotes.
bool has_outside(std::string_view text, std::string_view characters);

// Whether brackets or quotes enclose all of it.
bool is_enclosed(std::string_view text);

// Without the brackets or quotes that enclose all of it; other text as it is.
std::string_view without_enclosure(std::string_view text);

// `text` as a value that holds none of `separators` outside and reads back by without_enclosure: as it is, in brackets
// or in quotes. Nothing where no enclosure can hold it.
std::optional<std::string> enclosed_where_needed(const std::string& text, std::string_view separators);

}  // namespace pdmp
