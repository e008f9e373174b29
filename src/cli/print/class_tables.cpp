// Tables of classes, whose names come from strangers' files and whose number may be large.
#include "cli/print/class_tables.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text/text_table.h"

namespace pdmp::cli {
namespace {

constexpr size_t kName = 32, kShortName = 12;  // characters of a name at the side and on top of a table

// The counts of each row of the confusion matrix that are not 0.
using SparseRows = std::vector<std::map<int64_t, int64_t>>;

SparseRows sparse_confusion(int64_t classes, const Tensor& labels, const Tensor& predictions) {
  SparseRows rows(static_cast<size_t>(classes));
  const auto truth = labels.accessor<int64_t, 1>(), found = predictions.accessor<int64_t, 1>();
  for (int64_t i = 0; i < truth.size(0); ++i) ++rows[static_cast<size_t>(truth[i])][found[i]];
  return rows;
}

std::string padding(const std::string& text, size_t width) { return std::string(width - display_width(text), ' '); }

// How the matrix is laid out: the first column flush left, the others right, two spaces apart.
struct Layout {
  std::vector<std::string> sides, tops;
  size_t side = 0;
  std::vector<size_t> widths;

  size_t total() const {
    size_t sum = side;
    for (const size_t width : widths) sum += 2 + width;
    return sum;
  }
};

Layout lay_out(const std::vector<std::string>& classes, const SparseRows& rows, bool by_number) {
  Layout layout;
  for (size_t c = 0; c < classes.size(); ++c) {
    const std::string number = std::to_string(c);
    layout.sides.push_back(by_number ? number + " " + fitted_name(classes[c], kName) : fitted_name(classes[c], kName));
    layout.tops.push_back(by_number ? number : fitted_name(classes[c], kShortName));
    layout.widths.push_back(display_width(layout.tops.back()));
  }
  layout.side = display_width("truth");
  for (const std::string& name : layout.sides) layout.side = std::max(layout.side, display_width(name));
  for (const auto& row : rows) {
    for (const auto& [column, count] : row) {
      size_t& width = layout.widths[static_cast<size_t>(column)];
      width = std::max(width, std::to_string(count).size());
    }
  }
  return layout;
}

void print_line(const Layout& layout, const std::string& side, const std::vector<std::string>& cells,
                std::ostream& out) {
  out << side << padding(side, layout.side);
  for (size_t c = 0; c < cells.size(); ++c) out << "  " << padding(cells[c], layout.widths[c]) << cells[c];
  out << "\n";
}

void print_rows(const Layout& layout, const SparseRows& rows, std::ostream& out) {
  out << "\nconfusion matrix: rows are the truth, columns the prediction\n";
  print_line(layout, "truth", layout.tops, out);
  for (size_t truth = 0; truth < rows.size(); ++truth) {
    std::vector<std::string> cells(rows.size(), "0");
    for (const auto& [column, count] : rows[truth]) cells[static_cast<size_t>(column)] = std::to_string(count);
    print_line(layout, layout.sides[truth], cells, out);
  }
}

}  // namespace

std::optional<size_t> result_columns() {
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1) return std::nullopt;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string class_table(const std::vector<std::string>& classes, const ClassCounts& counts,
                        std::optional<size_t> columns) {
  constexpr size_t kOnTerminal = 100;
  const std::vector<metrics::ClassScores> scores = metrics::class_scores(counts);
  const size_t shown = columns ? std::min(kOnTerminal, scores.size()) : scores.size();
  std::vector<std::vector<std::string>> rows = {{"class", "precision", "recall", "F1", "n"}};
  for (size_t c = 0; c < shown; ++c) {
    rows.push_back({fitted_name(classes[c], kName), fmt::format("{:.4f}", scores[c].precision),
                    fmt::format("{:.4f}", scores[c].recall), fmt::format("{:.4f}", scores[c].f1),
                    std::to_string(scores[c].n)});
  }
  std::string text = fmt::format("\n{}", text_table(rows, true));
  if (shown < scores.size()) {
    text += fmt::format("and {} more classes: --json has all of them\n", scores.size() - shown);
  }
  return text;
}

nlohmann::json class_json(const std::vector<std::string>& classes, const ClassCounts& counts) {
  nlohmann::json result = nlohmann::json::array();
  const std::vector<metrics::ClassScores> scores = metrics::class_scores(counts);
  for (size_t c = 0; c < scores.size(); ++c) {
    result.push_back({{"class", classes[c]},
                      {"precision", scores[c].precision},
                      {"recall", scores[c].recall},
                      {"f1", scores[c].f1},
                      {"n", scores[c].n}});
  }
  return result;
}

void print_confusion_table(const std::vector<std::string>& classes, const Tensor& labels, const Tensor& predictions,
                           std::optional<size_t> columns, std::ostream& out) {
  const SparseRows rows = sparse_confusion(static_cast<int64_t>(classes.size()), labels, predictions);
  for (const bool by_number : {false, true}) {
    const Layout layout = lay_out(classes, rows, by_number);
    if (columns && layout.total() > *columns) continue;
    print_rows(layout, rows, out);
    return;
  }
  out << fmt::format("\nthe confusion matrix of {} classes is wider than the terminal: --json, or a file, has it\n",
                     classes.size());
}

void print_confusion_json(int64_t classes, const Tensor& labels, const Tensor& predictions, std::ostream& out) {
  const SparseRows rows = sparse_confusion(classes, labels, predictions);
  out << "[";
  for (size_t truth = 0; truth < rows.size(); ++truth) {
    std::vector<int64_t> counts(rows.size());
    for (const auto& [found, count] : rows[truth]) counts[static_cast<size_t>(found)] = count;
    out << fmt::format("{}\n    [\n      {}\n    ]", truth > 0 ? "," : "", fmt::join(counts, ",\n      "));
  }
  out << "\n  ]";
}

}  // namespace pdmp::cli
