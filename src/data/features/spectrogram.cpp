#include "data/features/spectrogram.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/imag.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/real.h>
#include <ATen/ops/reflection_pad1d.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numbers>

#include "data/features/avx2.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

constexpr double kPi = std::numbers::pi;

Tensor steps(int64_t count) { return at::arange(count, at::kDouble); }

double mel(double hertz) { return 1127 * std::log1p(hertz / 700); }
double hertz_of(double mel_value) { return 700 * std::expm1(mel_value / 1127); }

PDMP_INLINE void squares(const float* parts, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = parts[2 * i] * parts[2 * i] + parts[2 * i + 1] * parts[2 * i + 1];
}
void squares_anywhere(const float* parts, int64_t count, float* out) { squares(parts, count, out); }
PDMP_AVX2 void squares_avx2(const float* __restrict__ parts, int64_t count, float* __restrict__ out) {
  squares(parts, count, out);
}

}  // namespace

Tensor hann_window(int64_t size) { return 0.5 - 0.5 * at::cos(2 * kPi * steps(size) / static_cast<double>(size)); }

Tensor symmetric_hann_window(int64_t size) {
  return 0.5 - 0.5 * at::cos(2 * kPi * steps(size) / static_cast<double>(size - 1));
}

Tensor tukey_window(int64_t size, double alpha) {
  // The periodic window of `size` points is the symmetric one of size + 1 without its last point.
  const double m = static_cast<double>(size), edge = alpha * m / 2;
  Tensor window = at::ones({size}, at::kDouble);
  double* w = window.data_ptr<double>();
  for (int64_t n = 0; n < size; ++n) {
    const double position = 2 * static_cast<double>(n) / (alpha * m);
    if (static_cast<double>(n) <= edge) w[n] = 0.5 * (1 + std::cos(kPi * (position - 1)));
    if (static_cast<double>(n) >= m - edge) w[n] = 0.5 * (1 + std::cos(kPi * (position - 2 / alpha + 1)));
  }
  return window;
}

Tensor frames_of(const Tensor& samples, int64_t size, int64_t hop) {
  if (samples.size(0) < size) {
    throw Error(ErrorKind::data, fmt::format("expected at least {} samples for one frame of a spectrogram, found {}",
                                             size, samples.size(0)));
  }
  return samples.unfold(0, size, hop);
}

Tensor stft(const Tensor& samples, int64_t n_fft, int64_t hop, StftPad pad) {
  const int64_t half = n_fft / 2;
  Tensor padded = samples;
  if (pad == StftPad::zero) padded = at::constant_pad_nd(samples, {half, half});
  if (pad == StftPad::reflect) {
    if (samples.size(0) <= half) frames_of(samples, half + 1, hop);  // too short to mirror: the same complaint
    padded = at::reflection_pad1d(samples.unsqueeze(0), {half, half}).squeeze(0);
  }
  const Tensor windowed = frames_of(padded.to(at::kDouble), n_fft, hop) * hann_window(n_fft);
  return at::fft_rfft(windowed).t().to(at::kComplexFloat);
}

// at::abs guards against squares that leave the range of floats, which takes six times as long.
Tensor magnitude(const Tensor& spectrum) {
  const Tensor frames = spectrum.t().contiguous();
  Tensor result = at::empty(frames.sizes(), at::kFloat);
  const float* parts = reinterpret_cast<const float*>(frames.const_data_ptr<c10::complex<float>>());
  (has_avx2() ? squares_avx2 : squares_anywhere)(parts, frames.numel(), result.data_ptr<float>());
  return result.sqrt_().t();
}

Tensor power_density(const Tensor& samples, int64_t rate, int64_t n_fft, int64_t hop) {
  constexpr double kAlpha = 0.25;
  const Tensor window = tukey_window(n_fft, kAlpha);
  const Tensor frames = frames_of(samples.to(at::kDouble), n_fft, hop);
  const Tensor spectrum = at::fft_rfft((frames - frames.mean(1, true)) * window).t();
  Tensor density =
      (at::real(spectrum).square() + at::imag(spectrum).square()) / (static_cast<double>(rate) * window.square().sum());
  density.slice(0, 1, n_fft / 2).mul_(2);
  return density;
}

Tensor mel_filters(int64_t bands, int64_t n_fft, int64_t rate, double low, double high, MelTriangles triangles) {
  const int64_t bins = n_fft / 2 + 1;
  const bool in_mel = triangles == MelTriangles::linear_in_mel;
  const double first = mel(low), width = (mel(high) - first) / static_cast<double>(bands + 1);
  const auto corner = [&](int64_t i) {
    const double value = first + width * static_cast<double>(i);
    return in_mel ? value : hertz_of(value);
  };
  Tensor filters = at::zeros({bands, bins}, at::kDouble);
  double* weight = filters.data_ptr<double>();
  for (int64_t band = 0; band < bands; ++band) {
    const double left = corner(band), centre = corner(band + 1), right = corner(band + 2);
    for (int64_t bin = 0; bin < bins; ++bin) {
      const double hertz = static_cast<double>(bin * rate) / static_cast<double>(n_fft);
      const double at = in_mel ? mel(hertz) : hertz;
      *weight++ = std::max(0.0, std::min((at - left) / (centre - left), (right - at) / (right - centre)));
    }
  }
  return filters;
}

Tensor standardise(const Tensor& values) {
  constexpr double kSmallest = 1e-9;  // a constant input becomes 0, not NaN
  const Tensor mean = values.mean();
  return (values - mean) / ((values - mean).square().mean().sqrt() + kSmallest);
}

}  // namespace pdmp::data
