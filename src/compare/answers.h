// The questions a comparison is made for, answered in sentences.
#pragma once

#include <string>
#include <vector>

#include "compare/comparison.h"

namespace pdmp::comparing {

// "joint"; "joint (sum)" where the comparison has several fusions.
std::string row_name(const ComparisonRow& row, const Comparison& comparison);

// Which methods beat the best unimodal model, and by how much test accuracy. Empty where there is none to compare with.
std::string unimodal_answer(const Comparison& comparison);

// One sentence for every row that has controls: its gain over each of them, and what follows.
std::vector<std::string> control_answers(const Comparison& comparison);

// "dnr never acted: equal to joint", and what that means; one for every such row.
std::vector<std::string> idle_answers(const Comparison& comparison);

// All of them, in this order.
std::vector<std::string> answers(const Comparison& comparison);

// "below the best single modality" where the row is, with "significantly" before it where that is more than chance;
// else empty.
std::string below_mark(const ComparisonRow& row);

// "+0.050 [-0.013, +0.100]": mean and 95 % interval.
std::string difference_text(const Difference& difference);

}  // namespace pdmp::comparing
