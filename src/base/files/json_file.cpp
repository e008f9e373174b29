// Says where in a file its JSON is wrong.
#include "base/files/json_file.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

#include "pdmp/error.h"

namespace pdmp {

nlohmann::json parse_json_file(const std::filesystem::path& path, std::string_view content, const JsonLimits& limits) {
  try {
    return parse_json(content, limits);
  } catch (const JsonFault& fault) {
    std::string place;
    int64_t line = 0;
    if (fault.byte() > 0) {
      const std::string_view before = content.substr(0, fault.byte() - 1);
      const size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
      line = 1 + std::count(before.begin(), before.end(), '\n');
      place = fmt::format(":{}:{}", line, before.size() - line_begin + 1);
    }
    throw Error(ErrorKind::data, fmt::format("{}{}: expected JSON: {}", path.string(), place, fault.what()),
                {.expected = "JSON", .found = fault.what(), .file = path.string(), .line = line});
  }
}

}  // namespace pdmp
