// Sample rate conversion: band-limited interpolation with resampy's `kaiser_best` filter (version 0.4.0 and later).
#pragma once

#include "pdmp/fwd.h"

namespace pdmp::data {

// samples (n) float32 at rate `from` -> (ceil(n * to / from)) float32 at rate `to`. The filter gives
// floor(n * to / from) samples; the one that may be missing is 0. Equal rates return the input.
// Filter taps of a pair of rates are computed once and kept.
Tensor resample(const Tensor& samples, int64_t from, int64_t to);

}  // namespace pdmp::data
