// The one reader of JSON: strict, and bounded before it takes memory.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pdmp {

// What a document may take. A value costs up to about 100 bytes of memory however short its text is.
struct JsonLimits {
  uint64_t bytes = uint64_t{256} << 20;
  int64_t values = 4'000'000;
};
inline constexpr int kJsonDepth = 100;  // lists and objects within each other: walks call themselves once a level

// Descriptions of data sets: written by hand or by an importer, and by strangers.
inline constexpr JsonLimits kDescriptionLimits = {.bytes = uint64_t{16} << 20, .values = 1'000'000};

// Why a text is refused; who reads it says what the text is.
class JsonFault : public std::runtime_error {
 public:
  JsonFault(const std::string& reason, size_t byte) : std::runtime_error(reason), byte_(byte) {}
  size_t byte() const { return byte_; }  // 1-based, of the text; 0: not of one place

 private:
  size_t byte_;
};

// JsonFault where the text is no JSON, names a key of an object twice, holds a number that no double does, or goes
// beyond the limits.
nlohmann::json parse_json(std::string_view text, const JsonLimits& limits = {});

// The members of an object in the order of the text; nlohmann::ordered_json would look for each key among all others.
using JsonMembers = std::vector<std::pair<std::string, nlohmann::json>>;
JsonMembers parse_json_object(std::string_view text, const JsonLimits& limits = {});

// A document for stdout: indented, newline at its end. Bytes that are no UTF-8 (names of files) become U+FFFD.
std::string json_text(const nlohmann::json& value);

}  // namespace pdmp
