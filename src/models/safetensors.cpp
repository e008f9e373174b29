#include "models/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

using nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie in memory");

struct DtypeName {
  const char* name;
  torch::Dtype dtype;
};
constexpr DtypeName kDtypes[] = {
    {"F32", torch::kFloat32}, {"F64", torch::kFloat64}, {"F16", torch::kFloat16}, {"BF16", torch::kBFloat16},
    {"I64", torch::kInt64},   {"I32", torch::kInt32},   {"I16", torch::kInt16},   {"I8", torch::kInt8},
    {"U8", torch::kUInt8},    {"BOOL", torch::kBool},
};

constexpr uint64_t kPrefix = 8;  // bytes of the header's length
constexpr uint64_t kMaxHeader = 100'000'000;

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(ErrorKind::data,
              fmt::format("{}: expected a whole safetensors file, found {}; write or copy it again", path, what));
}

const DtypeName& dtype_row(torch::Dtype dtype, const std::string& tensor) {
  for (const DtypeName& row : kDtypes) {
    if (row.dtype == dtype) return row;
  }
  throw Error(ErrorKind::data, fmt::format("tensor '{}': expected a type safetensors can hold, found {}", tensor,
                                           torch::toString(dtype)));
}

std::string header_of(const Safetensors& content, const std::vector<uint64_t>& begin) {
  ordered_json header = ordered_json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  for (size_t i = 0; i < content.tensors.size(); ++i) {
    const auto& [name, tensor] = content.tensors[i];
    header[name] = {{"dtype", dtype_row(tensor.scalar_type(), name).name},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {begin[i], begin[i] + tensor.nbytes()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // data begin aligned
  return text;
}

// Wide elements come first in the data, so that each one lies at a multiple of its size: readers map the file and
// refuse an int64 at an odd offset. The header keeps the order given.
std::vector<size_t> data_order(const Safetensors& content) {
  std::vector<size_t> order(content.tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return content.tensors[a].second.element_size() > content.tensors[b].second.element_size();
  });
  return order;
}

// One tensor as the header describes it.
struct Entry {
  std::string name;
  torch::Dtype dtype;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};

// numel * element size, or nothing where the product does not fit.
std::optional<uint64_t> byte_count(const std::vector<int64_t>& shape, uint64_t element_size) {
  uint64_t bytes = element_size;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    const auto factor = static_cast<uint64_t>(size);
    if (factor != 0 && bytes > std::numeric_limits<uint64_t>::max() / factor) return std::nullopt;
    bytes *= factor;
  }
  return bytes;
}

Entry parse_entry(const std::string& path, const std::string& name, const ordered_json& value) {
  try {
    const auto dtype_name = value.at("dtype").get<std::string>();
    const auto* row =
        std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const DtypeName& r) { return r.name == dtype_name; });
    if (row == std::end(kDtypes)) fail(path, fmt::format("tensor '{}' of unknown type '{}'", name, dtype_name));
    const auto offsets = value.at("data_offsets").get<std::vector<uint64_t>>();
    Entry entry{name, row->dtype, value.at("shape").get<std::vector<int64_t>>(), 0, 0};
    if (offsets.size() != 2)
      fail(path, fmt::format("tensor '{}' with {} data_offsets instead of 2", name, offsets.size()));
    entry.begin = offsets[0];
    entry.end = offsets[1];
    const auto bytes = byte_count(entry.shape, torch::elementSize(entry.dtype));
    if (!bytes || entry.end < entry.begin || entry.end - entry.begin != *bytes) {
      fail(path, fmt::format("tensor '{}' of shape ({}) in bytes {} to {}", name, fmt::join(entry.shape, ", "),
                             entry.begin, entry.end));
    }
    return entry;
  } catch (const nlohmann::json::exception&) {
    fail(path, fmt::format("tensor '{}' without a usable dtype, shape and data_offsets", name));
  }
}

// The tensors must fill the data exactly: no hole, no overlap.
void check_layout(const std::string& path, const std::vector<Entry>& entries, uint64_t data_size) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const Entry* a, const Entry* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  uint64_t at = 0;
  for (const Entry* entry : sorted) {
    if (entry->begin != at) {
      fail(path, fmt::format("tensor '{}' at byte {} where {} was due (a hole or an overlap)", entry->name,
                             entry->begin, at));
    }
    at = entry->end;
  }
  if (at != data_size) fail(path, fmt::format("{} bytes of data where its header describes {}", data_size, at));
}

ordered_json parse_header(const std::string& path, std::string_view file) {
  if (file.size() < kPrefix) fail(path, fmt::format("{} bytes", file.size()));
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kPrefix);
  if (length > kMaxHeader || length > file.size() - kPrefix) {
    fail(path, fmt::format("a header of {} bytes in a file of {}", length, file.size()));
  }
  ordered_json header = ordered_json::parse(file.substr(kPrefix, length), nullptr, false);
  if (!header.is_object()) fail(path, "a header that is not a JSON object");
  return header;
}

void read_metadata(const std::string& path, const ordered_json& value, Safetensors& content) {
  try {
    content.metadata = value.get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception&) {
    fail(path, "__metadata__ that is not a map of texts");
  }
}

}  // namespace

void write_safetensors(const std::string& path, const Safetensors& content) {
  std::vector<uint64_t> begin(content.tensors.size());
  const std::vector<size_t> order = data_order(content);
  uint64_t size = 0;
  for (const size_t i : order) {
    begin[i] = size;
    size += content.tensors[i].second.nbytes();
  }
  const std::string header = header_of(content, begin);
  const uint64_t length = header.size();
  std::string file(kPrefix, '\0');
  std::memcpy(file.data(), &length, kPrefix);
  file.reserve(kPrefix + length + size);
  file += header;
  for (const size_t i : order) {
    const Tensor tensor = content.tensors[i].second.detach().cpu().contiguous();
    file.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  }
  write_file_atomically(path, file);
}

Safetensors read_safetensors(const std::string& path) {
  const std::string file = read_file(path);
  const ordered_json header = parse_header(path, file);
  Safetensors content;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      read_metadata(path, value, content);
    } else {
      entries.push_back(parse_entry(path, name, value));
    }
  }
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kPrefix);
  const std::string_view data = std::string_view(file).substr(kPrefix + length);
  check_layout(path, entries, data.size());
  for (const Entry& entry : entries) {
    Tensor tensor = torch::empty(entry.shape, entry.dtype);
    if (entry.end > entry.begin)
      std::memcpy(tensor.mutable_data_ptr(), data.data() + entry.begin, entry.end - entry.begin);
    content.tensors.emplace_back(entry.name, tensor);
  }
  return content;
}

}  // namespace pdmp
