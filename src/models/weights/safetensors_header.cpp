#include "models/weights/safetensors_header.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <utility>

#include "base/text/json.h"
#include "pdmp/error.h"

namespace pdmp::models {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

constexpr JsonLimits kLimits = {.bytes = 100'000'000, .values = 4'000'000};  // the format's own; 500,000 tensors
constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(ErrorKind::data,
              fmt::format("{}: expected a whole safetensors file, found {}; write or copy it again", path, what));
}

// numel * element size; nothing where the product does not fit, or the strides of an empty tensor would not.
std::optional<uint64_t> byte_count(const std::vector<int64_t>& shape, uint64_t element_size) {
  uint64_t bytes = element_size;
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    empty = empty || size == 0;
    const auto factor = static_cast<uint64_t>(std::max<int64_t>(size, 1));
    if (bytes > kMost / factor) return std::nullopt;
    bytes *= factor;
  }
  return empty ? 0 : bytes;
}

// Nothing where it is no list of them: JSON's own conversion would take 1.5 for 1 and -1 for 2^64 - 1.
std::optional<std::vector<int64_t>> whole_numbers(const json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<int64_t> numbers;
  for (const json& item : list) {
    const bool fits = item.is_number_unsigned() ? item.get<uint64_t>() <= kMost : item.is_number_integer();
    if (!fits) return std::nullopt;
    numbers.push_back(item.get<int64_t>());
  }
  return numbers;
}

SafetensorsEntry parse_entry(const std::string& path, const std::string& name, const json& value) {
  const auto part = [&](const char* key) { return value.is_object() ? value.value(key, json()) : json(); };
  const json type_name = part("dtype");
  const auto shape = whole_numbers(part("shape")), offsets = whole_numbers(part("data_offsets"));
  if (!type_name.is_string() || !shape || !offsets)
    fail(path, fmt::format("tensor '{}' without a usable dtype, shape and data_offsets", name));
  SafetensorsEntry entry{name, type_name.get<std::string>(), *shape, 0, 0};
  const auto* type = std::find_if(std::begin(kSafetensorsTypes), std::end(kSafetensorsTypes),
                                  [&](const SafetensorsType& t) { return t.name == entry.type; });
  if (type == std::end(kSafetensorsTypes))
    fail(path, fmt::format("tensor '{}' of unknown type '{}'", name, entry.type));
  if (offsets->size() != 2)
    fail(path, fmt::format("tensor '{}' with {} data_offsets instead of 2", name, offsets->size()));
  entry.begin = static_cast<uint64_t>(offsets->front());
  entry.end = static_cast<uint64_t>(offsets->back());
  const auto bytes = byte_count(entry.shape, type->bytes);
  if (!bytes || entry.end < entry.begin || entry.end - entry.begin != *bytes) {
    fail(path, fmt::format("tensor '{}' of shape ({}) in bytes {} to {}", name, fmt::join(entry.shape, ", "),
                           entry.begin, entry.end));
  }
  return entry;
}

// The tensors must fill the data exactly: no hole, no overlap.
void check_layout(const std::string& path, const std::vector<SafetensorsEntry>& entries, uint64_t data_size) {
  std::vector<const SafetensorsEntry*> sorted;
  for (const SafetensorsEntry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const SafetensorsEntry* a, const SafetensorsEntry* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  uint64_t at = 0;
  for (const SafetensorsEntry* entry : sorted) {
    if (entry->begin != at) {
      fail(path, fmt::format("tensor '{}' at byte {} where {} was due (a hole or an overlap)", entry->name,
                             entry->begin, at));
    }
    at = entry->end;
  }
  if (at != data_size) fail(path, fmt::format("{} bytes of data where its header describes {}", data_size, at));
}

JsonMembers parse_members(const std::string& path, std::string_view file, uint64_t& length) {
  if (file.size() < kSafetensorsPrefix) fail(path, fmt::format("{} bytes", file.size()));
  std::memcpy(&length, file.data(), kSafetensorsPrefix);
  if (length > kLimits.bytes || length > file.size() - kSafetensorsPrefix) {
    fail(path, fmt::format("a header of {} bytes in a file of {}", length, file.size()));
  }
  try {
    return parse_json_object(file.substr(kSafetensorsPrefix, length), kLimits);
  } catch (const JsonFault& fault) {
    fail(path, fmt::format("a header that is not a JSON object ({})", fault.what()));
  }
}

std::map<std::string, std::string> parse_metadata(const std::string& path, const json& value) {
  try {
    return value.get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception&) {
    fail(path, "__metadata__ that is not a map of texts");
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view file) {
  uint64_t length = 0;
  const JsonMembers members = parse_members(path, file, length);
  SafetensorsHeader header;
  for (const auto& [name, value] : members) {
    if (name == "__metadata__") {
      header.metadata = parse_metadata(path, value);
    } else {
      header.entries.push_back(parse_entry(path, name, value));
    }
  }
  header.data = file.substr(kSafetensorsPrefix + length);
  check_layout(path, header.entries, header.data.size());
  return header;
}

}  // namespace pdmp::models
