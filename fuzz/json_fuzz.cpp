// Any bytes as JSON: what nlohmann's own reader makes of them, or refused where that refuses or a limit is met.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text/json.h"
#include "base/text/printable.h"

namespace {

using Json = nlohmann::json;

void check_printed(const Json& value) {
  const std::string text = pdmp::json_text(value);
  if (Json::parse(pdmp::printable_lines(text)) != value) std::abort();  // the same document, fit for a terminal
}

// The order is that of the text, which nlohmann::json does not keep.
void check_members(std::string_view text, const Json& value) {
  const pdmp::JsonMembers members = pdmp::parse_json_object(text);
  if (members.size() != value.size()) std::abort();
  for (const auto& [key, member] : members) {
    if (value.at(key) != member) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Json value = pdmp::parse_json(text, {.values = 1000});
    if (value != Json::parse(text)) std::abort();
    check_printed(value);
    if (value.is_object()) check_members(text, value);
  } catch (const pdmp::JsonFault& fault) {
    const std::string_view reason = fault.what();
    const bool by_limit = reason.find("more values") != std::string_view::npos ||
                          reason.find("nested more") != std::string_view::npos ||
                          reason.find("is there twice") != std::string_view::npos;
    if (!by_limit && Json::accept(text)) std::abort();
  }
  return 0;
}
