#include "data/npy/write_npy.h"

#include <bit>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <string_view>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

static_assert(std::endian::native == std::endian::little);

std::string_view descr(const Tensor& values) {
  if (values.scalar_type() == at::kFloat) return "<f4";
  if (values.scalar_type() == at::kLong) return "<i8";
  throw Error(ErrorKind::usage, fmt::format("a .npy file is written from float32 or int64, not from {}",
                                            c10::toString(values.scalar_type())));
}

// As Python prints a tuple: (), (3,), (3, 4).
std::string tuple(c10::IntArrayRef sizes) {
  return fmt::format("({}{})", fmt::join(sizes, ", "), sizes.size() == 1 ? "," : "");
}

}  // namespace

void write_npy(const std::filesystem::path& path, const Tensor& values) {
  constexpr size_t kBeforeHeader = 10, kAlignment = 64;
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr(values), tuple(values.sizes()));
  const size_t whole = (kBeforeHeader + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  header.resize(whole - kBeforeHeader - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\0", 8);
  bytes += static_cast<char>(header.size() & 0xFFu);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  const Tensor contiguous = values.contiguous();
  bytes.append(static_cast<const char*>(contiguous.data_ptr()), contiguous.nbytes());
  write_file_atomically(path, bytes);
}

}  // namespace pdmp::data
