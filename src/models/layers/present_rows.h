// Rows of a batch that lack a modality are never shown to its networks: these see the others, and zeros stand in.
#pragma once

#include <cstdint>

#include "pdmp/torch.h"

namespace pdmp::models {

// (rows, ...) zeros without gradient; the other sizes and the type are those of `row`.
Tensor zeros_like_row(const Tensor& row, int64_t rows);

// values (n, ...), index (n) -> (rows, ...): values where they belong, zeros without gradient elsewhere. Undefined
// where values are.
Tensor scatter_rows(const Tensor& values, const Tensor& index, int64_t rows);

}  // namespace pdmp::models
