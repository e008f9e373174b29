// Controls of pdmp: trainings with its larger learning rate in which no modality leads. What pdmp gains over joint
// training may come from that learning rate alone.
#pragma once

#include <string>
#include <vector>

#include "compare/grid.h"
#include "compare/variant.h"

namespace pdmp::comparing {

// The variants, and behind every `pdmp` two more with its other settings, gamma being its own factor on the encoder
// that leads (`gamma`; of coefficients by hand the largest):
//   pdmp:coefficients=[a=gamma,b=gamma]   every encoder learns gamma times as fast
//   joint:lr=(lr x gamma)                 so does the whole model
// One that trains as a variant that is there already is not added: that variant gets the role. None for gamma 1, where
// pdmp is joint training, for fewer than two modalities and for coefficients that are all the same, which are such a
// control themselves.
std::vector<Variant> with_controls(const std::vector<Variant>& variants, const RunOptions& base,
                                   const std::vector<std::string>& modalities);

// Takes from the grid what needs no training: added controls of rows that are n/a, and, where `ranking` makes pdmp
// multiply every encoder alike, the first control, which would be the same training (`no_lead`). `ranking` null: no
// method of the grid needs one.
void drop_needless_controls(Grid& grid, const ModalityRanking* ranking);

// After a search: added controls take over the settings found for the row they are a control of, and its factor. A row
// that was named and searched itself is no control any more.
void follow_search(Grid& grid);

}  // namespace pdmp::comparing
