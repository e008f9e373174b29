// What a table is that is no UTF-8 with commas, and what to do about it.
#pragma once

#include <string>
#include <string_view>

namespace pdmp::data {

// The encoding or kind of file that `beginning` gives away, with advice: "UTF-16 without a byte-order mark; save ...".
// "" where it may be UTF-8.
std::string foreign_encoding(std::string_view beginning);

// About the byte of 0 at `at`, which no text has: "bytes of 0 from here to the end ...; copy it again ...".
std::string zero_bytes(std::string_view text, size_t at);

// About the header of a table without commas: "found semicolons ...". "" where it has commas, or nothing else that
// could separate fields.
std::string foreign_separator(std::string_view text);

}  // namespace pdmp::data
