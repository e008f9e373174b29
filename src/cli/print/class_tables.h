// What `pdmp evaluate` says class by class.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "metrics/classification.h"

namespace pdmp::cli {

// Columns of the terminal that results are printed on; nothing where they go to a file or a pipe, which hold all.
std::optional<size_t> result_columns();

// Precision, recall, F1 and number of samples of each class, in the order of `classes`. Names are of at most 32
// characters. On a terminal (`columns`) the first 100 classes, and how many there are more.
std::string class_table(const std::vector<std::string>& classes, const ClassCounts& counts,
                        std::optional<size_t> columns);
// [{"class", "precision", "recall", "f1", "n"}, ...] in the order of `classes`.
nlohmann::json class_json(const std::vector<std::string>& classes, const ClassCounts& counts);

// Rows are the truth, columns the prediction, in the order of `classes`; columns are called by their names where that
// fits into `columns`, else by their numbers from 0; a line that says so where the table does not fit at all. Printed
// row by row: of 10,000 classes it has 10^8 numbers. labels, predictions (N) int64.
void print_confusion_table(const std::vector<std::string>& classes, const Tensor& labels, const Tensor& predictions,
                           std::optional<size_t> columns, std::ostream& out);
// The same as a list of lists, indented as a field of a JSON document.
void print_confusion_json(int64_t classes, const Tensor& labels, const Tensor& predictions, std::ostream& out);

}  // namespace pdmp::cli
