// What the encoders share: how they refuse data and options they cannot take.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp {

// Error{usage}: modality, its type and shape, what `encoder` takes (its row of the table), which one fits.
Error unfit_input(const std::string& encoder, const ModalityInfo& modality);
// A list option of sizes: at least one, all whole and >= 1, or Error{usage}. `option`: "mlp:hidden".
std::vector<int64_t> whole_numbers(const std::string& option, const std::vector<double>& values,
                                   const ModalityInfo& modality);

}  // namespace pdmp
