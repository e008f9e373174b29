// JSON files whose text was read already.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text/json.h"

namespace pdmp {

// As parse_json. Error{data} with the file's name, line and column.
nlohmann::json parse_json_file(const std::filesystem::path& path, std::string_view content, const JsonLimits& limits);

}  // namespace pdmp
