#include "support/media/encode_wav.h"

#include <string>

#include "data/files/media_file.h"

namespace pdmp {
namespace {

void put(std::string& bytes, uint32_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFu);
}

}  // namespace

void write_wav(const std::filesystem::path& path, const Tensor& samples, int64_t rate) {
  const Tensor planes = samples.dim() == 1 ? samples.unsqueeze(0) : samples;
  const Tensor interleaved = planes.t().to(torch::kFloat64);  // (n, channels)
  const Tensor values = (interleaved * 32768).round().clamp(-32768, 32767).to(torch::kInt16).contiguous();
  const uint32_t channels = static_cast<uint32_t>(values.size(1)), size = static_cast<uint32_t>(values.numel() * 2);
  const uint32_t hertz = static_cast<uint32_t>(rate);
  constexpr uint32_t kFormatSize = 16, kPcm = 1, kBits = 16, kBytes = 2;
  std::string bytes = "RIFF";
  put(bytes, 36 + size, 4);
  bytes += "WAVEfmt ";
  put(bytes, kFormatSize, 4);
  put(bytes, kPcm, 2);
  put(bytes, channels, 2);
  put(bytes, hertz, 4);
  put(bytes, hertz * channels * kBytes, 4);
  put(bytes, channels * kBytes, 2);
  put(bytes, kBits, 2);
  bytes += "data";
  put(bytes, size, 4);
  for (int64_t i = 0; i < values.numel(); ++i) put(bytes, static_cast<uint16_t>(values.data_ptr<int16_t>()[i]), 2);
  data::write_media(path, bytes);
}

}  // namespace pdmp
