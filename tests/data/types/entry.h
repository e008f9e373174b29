// Manifest entries and cells for the tests of modality types.
#pragma once

#include <filesystem>
#include <string>

#include "data/types/modality_type.h"

namespace pdmp::testing {

// settings: the JSON of the entry without name and type: R"("size": 8)".
inline data::ModalityEntry entry(const std::string& type, const std::string& settings = "") {
  data::ModalityEntry result;
  result.name = "m";
  result.type = type;
  result.column = "m_file_name";
  result.settings = nlohmann::json::parse("{\"name\": \"m\", \"column\": \"m_file_name\", \"type\": \"" + type + "\"" +
                                          (settings.empty() ? "" : ", " + settings) + "}");
  return result;
}

inline data::Cell cell(const std::string& text, const std::filesystem::path& directory = {}) {
  return {text, directory, {}, {}};
}

}  // namespace pdmp::testing
