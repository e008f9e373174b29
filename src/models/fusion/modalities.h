// What fusions say about their modalities: how many and how wide they may be, what remains of a fusion with one, which
// of them owns a layer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::models {

// One modality has nothing to be fused with: its linear head, as `concat` makes it.
std::shared_ptr<Fusion> linear_head(const std::vector<int64_t>& widths, int64_t classes);

// Error{usage} where `widths` are of more than two modalities. `roles` says what the two do ("the first conditions the
// second"), `instead` names a fusion that takes any number.
void expect_pair(const std::string& fusion, const std::vector<int64_t>& widths, const std::string& roles,
                 const std::string& instead);

// Error{usage} where the widths differ. `option` needs them equal ("film: unimodal=self"), `instead` does not.
void expect_equal_widths(const std::string& option, const std::vector<int64_t>& widths, const std::string& instead);

// Option `width` of fusions that project every feature to one width.
struct CommonWidth {
  int64_t width = 0;  // 0: that of the widest feature
  void describe(OptionList& list);
  int64_t of(const std::vector<int64_t>& widths) const;
};

// m of a parameter whose name begins with `prefix` and m ("project_1.weight" after "project_"), nothing for others.
std::optional<int64_t> numbered_owner(const std::string& name, const std::string& prefix);

}  // namespace pdmp::models
