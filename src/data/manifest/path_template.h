// "frames/{split}/{id}_{start:06d}": where the media of a row are, said once for all rows.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pdmp::data {

// Replaces {name} by value(name); {name:06d} by its whole-number value padded with zeros to that width. "{{" and "}}"
// are braces. Error{data} on a brace without partner, another format or a value that is no number.
std::string expand_template(std::string_view text, const std::function<std::string(const std::string& name)>& value);

}  // namespace pdmp::data
