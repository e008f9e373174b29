// Windows, frames and spectra. Everything in double precision unless said otherwise.
#pragma once

#include "pdmp/fwd.h"

namespace pdmp::data {

Tensor hann_window(int64_t size);                 // periodic: 0.5 - 0.5 cos(2 pi n / size)
Tensor symmetric_hann_window(int64_t size);       // 0.5 - 0.5 cos(2 pi n / (size - 1))
Tensor tukey_window(int64_t size, double alpha);  // periodic, as scipy.signal.get_window(("tukey", alpha), size)

// samples (n) -> (1 + floor((n - size) / hop), size), a view. Error{data} where n < size.
Tensor frames_of(const Tensor& samples, int64_t size, int64_t hop);

enum class StftPad { none, zero, reflect };  // of n_fft / 2 samples at both ends: librosa's `center`

// Short-time Fourier transform as librosa computes it: periodic Hann window, no scaling.
// samples (n) float32 -> (n_fft / 2 + 1, T) complex64; T = 1 + floor(n / hop) with padding, 1 + floor((n - n_fft) /
// hop) without.
Tensor stft(const Tensor& samples, int64_t n_fft, int64_t hop, StftPad pad);

// |z| of a spectrum, complex64 -> float32 of the same shape. Squares may leave the range of floats: what is below 1e-19
// becomes 0, and what is above 1e19, which no samples between -1 and 1 have, infinite.
Tensor magnitude(const Tensor& spectrum);

// One-sided power spectral density as scipy.signal.spectrogram computes it with its Tukey(0.25) window: each frame
// loses its mean; |X|^2 / (rate * sum w^2), twice that except at 0 and Nyquist. -> (n_fft / 2 + 1, T) float64.
Tensor power_density(const Tensor& samples, int64_t rate, int64_t n_fft, int64_t hop);

// Triangles of height 1 whose corners are equally spaced from `low` to `high` Hz on a mel scale
// mel(f) = 1127 ln(1 + f / 700) (HTK). Linear in: Hz as librosa and torchaudio draw them, or in mel as HTK and Kaldi
// do.
// -> (bands, n_fft / 2 + 1) float64.
enum class MelTriangles { linear_in_hz, linear_in_mel };
Tensor mel_filters(int64_t bands, int64_t n_fft, int64_t rate, double low, double high, MelTriangles triangles);

// (x - mean) / (population standard deviation + 1e-9) over all values.
Tensor standardise(const Tensor& values);

}  // namespace pdmp::data
