// docs/methods.md, written from the table of methods, as far as it is not measured.
#pragma once

#include <string>

namespace pdmp::cli {

// The line the written part ends with; what follows it in the page is kept by hand.
inline constexpr const char* kMeasuredBelow = "<!-- measured below -->";

// Markdown: of each method what it does, its formula, source, cost, options and what its release does otherwise. Ends
// with the line kMeasuredBelow.
std::string method_page();

}  // namespace pdmp::cli
