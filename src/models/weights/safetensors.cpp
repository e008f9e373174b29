#include "models/weights/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/files/file.h"
#include "models/weights/safetensors_header.h"
#include "pdmp/error.h"

namespace pdmp::models {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie in memory");

// As kSafetensorsTypes.
struct DtypeName {
  const char* name;
  torch::Dtype dtype;
};
constexpr DtypeName kDtypes[] = {
    {"F32", torch::kFloat32}, {"F64", torch::kFloat64}, {"F16", torch::kFloat16}, {"BF16", torch::kBFloat16},
    {"I64", torch::kInt64},   {"I32", torch::kInt32},   {"I16", torch::kInt16},   {"I8", torch::kInt8},
    {"U8", torch::kUInt8},    {"BOOL", torch::kBool},
};
static_assert(std::size(kDtypes) == std::size(kSafetensorsTypes));

const DtypeName& dtype_row(torch::Dtype dtype, const std::string& tensor) {
  for (const DtypeName& row : kDtypes) {
    if (row.dtype == dtype) return row;
  }
  throw Error(ErrorKind::data, fmt::format("tensor '{}': expected a type safetensors can hold, found {}", tensor,
                                           torch::toString(dtype)));
}

torch::Dtype dtype_of(std::string_view type) {
  return std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const DtypeName& row) { return row.name == type; })
      ->dtype;
}

// Written member by member: nlohmann::ordered_json would look for each name among all others.
std::string header_of(const Safetensors& content, const std::vector<uint64_t>& begin) {
  std::vector<std::string> members;
  if (!content.metadata.empty()) members.push_back(fmt::format("\"__metadata__\":{}", json(content.metadata).dump()));
  for (size_t i = 0; i < content.tensors.size(); ++i) {
    const auto& [name, tensor] = content.tensors[i];
    members.push_back(fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", json(name).dump(),
                                  dtype_row(tensor.scalar_type(), name).name, fmt::join(tensor.sizes(), ","), begin[i],
                                  begin[i] + tensor.nbytes()));
  }
  std::string text = fmt::format("{{{}}}", fmt::join(members, ","));
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

}  // namespace

FileDigest write_safetensors(const std::string& path, const Safetensors& content) {
  std::vector<uint64_t> begin(content.tensors.size());
  const std::vector<size_t> order = data_order(content);
  uint64_t size = 0;
  for (const size_t i : order) {
    begin[i] = size;
    size += content.tensors[i].second.nbytes();
  }
  const std::string header = header_of(content, begin);
  const uint64_t length = header.size();
  std::string file(kSafetensorsPrefix, '\0');
  std::memcpy(file.data(), &length, kSafetensorsPrefix);
  file.reserve(kSafetensorsPrefix + length + size);
  file += header;
  for (const size_t i : order) {
    const Tensor tensor = content.tensors[i].second.detach().cpu().contiguous();
    file.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  }
  // Beside the write, most of which waits for the disk.
  std::future<FileDigest> digest = std::async([&] { return file_digest_of(file); });
  write_file_atomically(path, file);
  return digest.get();
}

std::string read_weights_file(const std::string& path) { return read_regular_file(path, kMostWeightsBytes); }

Safetensors read_safetensors(const std::string& path) { return parse_safetensors(path, read_weights_file(path)); }

Safetensors parse_safetensors(const std::string& path, const std::string& file) {
  SafetensorsHeader header = parse_safetensors_header(path, file);
  Safetensors content;
  content.metadata = std::move(header.metadata);
  for (const SafetensorsEntry& entry : header.entries) {
    Tensor tensor = torch::empty(entry.shape, dtype_of(entry.type));
    if (entry.end > entry.begin)
      std::memcpy(tensor.mutable_data_ptr(), header.data.data() + entry.begin, entry.end - entry.begin);
    content.tensors.emplace_back(entry.name, tensor);
  }
  return content;
}

}  // namespace pdmp::models
