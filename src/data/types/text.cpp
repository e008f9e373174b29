// UTF-8 text in the metadata itself -> (max_bytes) int64: bytes + 1, 0 behind the end.
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "base/text/utf8.h"
#include "data/types/settings.h"
#include "data/types/types.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

bool continues_character(char byte) { return (static_cast<uint8_t>(byte) & 0xC0u) == 0x80; }

class TextType : public ModalityType {
 public:
  explicit TextType(const ModalityEntry& entry) {
    constexpr int64_t kUsual = 128, kMost = 1 << 16;
    Settings source(entry);
    where_ = source.where();
    max_bytes_ = source.integer("max_bytes", kUsual, 1, kMost);
    source.finish();
  }

  std::vector<int64_t> shape(const Cell*) const override { return {max_bytes_}; }

  Tensor load(const Cell& cell, RandomStream*) const override {
    if (const auto at = find_invalid_utf8(cell.text)) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: expected UTF-8 text, found byte {:#04x} at position {}; save the file as UTF-8",
                              where_, static_cast<uint8_t>(cell.text[*at]), *at));
    }
    size_t length = cell.text.size();
    if (length > static_cast<size_t>(max_bytes_)) {
      length = static_cast<size_t>(max_bytes_);
      while (length > 0 && continues_character(cell.text[length])) --length;
    }
    Tensor bytes = at::zeros({max_bytes_}, at::kLong);
    for (size_t i = 0; i < length; ++i) bytes.data_ptr<int64_t>()[i] = static_cast<uint8_t>(cell.text[i]) + 1;
    return bytes;
  }

 private:
  std::string where_;
  int64_t max_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ModalityType> make_text_type(const ModalityEntry& entry) { return std::make_unique<TextType>(entry); }

}  // namespace pdmp::data
