#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "base/log.h"
#include "base/text/json.h"
#include "base/text/option_names.h"
#include "base/text/printable.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "data/inspect/inventory.h"
#include "data/inspect/leakage.h"

namespace pdmp::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using Json = nlohmann::json;

constexpr size_t kNamed = 5;

std::string size_text(int64_t bytes) {
  constexpr double kStep = 1000;
  double value = static_cast<double>(bytes);
  const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  while (value >= kStep && unit + 1 < std::size(units)) {
    value /= kStep;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, units[unit]);
}

int64_t sum(const std::vector<int64_t>& counts) { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); }

// The largest and smallest class of a split that has both.
struct Balance {
  size_t largest = 0, smallest = 0;
  double ratio = 0;  // 0: the smallest class has no sample
};

Balance balance_of(const std::vector<int64_t>& counts) {
  const auto low = std::min_element(counts.begin(), counts.end()),
             high = std::max_element(counts.begin(), counts.end());
  return {static_cast<size_t>(high - counts.begin()), static_cast<size_t>(low - counts.begin()),
          *low > 0 ? static_cast<double>(*high) / static_cast<double>(*low) : 0};
}

std::string class_table(const data::Manifest& manifest, const data::Inventory& inventory) {
  Rows rows = {{"class"}};
  for (const std::string& split : inventory.splits) rows[0].push_back(split);
  rows[0].insert(rows[0].end(), {"all", "share"});
  for (size_t c = 0; c < manifest.classes.size(); ++c) {
    std::vector<std::string> row = {manifest.classes[c]};
    int64_t all = 0;
    for (const std::string& split : inventory.splits) {
      const int64_t count = inventory.counts.at(split)[c];
      row.push_back(grouped(count));
      all += count;
    }
    const double share = 100 * static_cast<double>(all) / static_cast<double>(manifest.rows.size());
    row.insert(row.end(), {grouped(all), fmt::format("{:.1f} %", share)});
    rows.push_back(row);
  }
  std::vector<std::string> total = {"all"};
  for (const std::string& split : inventory.splits) total.push_back(grouped(sum(inventory.counts.at(split))));
  total.push_back(grouped(static_cast<int64_t>(manifest.rows.size())));
  rows.push_back(total);
  std::string text = text_table(rows, true) + "\n";
  for (const std::string& split : inventory.splits) {
    const std::vector<int64_t>& counts = inventory.counts.at(split);
    const Balance balance = balance_of(counts);
    const std::string ratio = balance.ratio > 0 ? fmt::format(", ratio {:.2f}", balance.ratio) : "";
    text += printable(fmt::format("balance of {}: largest class {} ({}), smallest {} ({}){}", split,
                                  manifest.classes[balance.largest], counts[balance.largest],
                                  manifest.classes[balance.smallest], counts[balance.smallest], ratio)) +
            "\n";
  }
  return text;
}

std::string cell_table(const data::Inventory& inventory) {
  Rows rows = {{"modality", "split", "samples", "without it", "file missing"}};
  for (const data::ModalityInventory& modality : inventory.modalities) {
    for (const std::string& split : inventory.splits) {
      const data::CellCounts& cells = modality.cells.at(split);
      rows.push_back({modality.name, split, grouped(cells.samples), grouped(cells.empty), grouped(cells.missing)});
    }
  }
  return text_table(rows, true);
}

std::string spread_text(const data::Spread& spread, int decimals) {
  if (spread.count == 0) return "-";
  return fmt::format("{:.{}f} / {:.{}f} / {:.{}f}", spread.min, decimals, spread.median, decimals, spread.max,
                     decimals);
}

std::string shape_text(const data::ModalityInventory& modality) {
  return modality.shape.empty() ? "unknown" : fmt::format("{}", fmt::join(modality.shape, "x"));
}

std::string modality_table(const data::Inventory& inventory) {
  Rows rows = {{"modality", "type", "shape", "files", "size", "seconds", "width", "height"}};
  std::string notes;
  for (const data::ModalityInventory& modality : inventory.modalities) {
    rows.push_back({modality.name, modality.type, shape_text(modality), grouped(modality.files),
                    modality.files > 0 ? size_text(modality.bytes) : "-", spread_text(modality.seconds, 2),
                    spread_text(modality.width, 0), spread_text(modality.height, 0)});
    if (modality.unparsed > 0) {
      notes += fmt::format("{}: cells whose numbers do not parse: {}: {}{}; see pdmp data check\n", modality.name,
                           grouped(modality.unparsed),
                           printable(fmt::format("{}", fmt::join(modality.unparsed_cells, ", "))),
                           static_cast<size_t>(modality.unparsed) > modality.unparsed_cells.size() ? " ..." : "");
    }
    if (modality.unread == 0) continue;
    notes += fmt::format("{}: files whose header cannot be read: {}: {}; see pdmp data check\n", modality.name,
                         modality.unread, printable(fmt::format("{}", fmt::join(modality.unread_files, ", "))));
  }
  return text_table(rows, true) + "(seconds, width, height: smallest / median / largest, from the headers)\n" + notes;
}

std::vector<std::string> content_lines(const data::Leakage& leakage) {
  std::vector<std::string> lines;
  for (const data::SharedContent& shared : leakage.contents) {
    if (lines.size() == kNamed) break;
    lines.push_back(fmt::format("{} {} = {} {}", shared.split, shared.path, shared.other_split, shared.other_path));
  }
  return lines;
}

std::vector<std::string> group_lines(const data::Leakage& leakage) {
  std::vector<std::string> lines;
  for (const data::SharedGroup& shared : leakage.groups) {
    if (lines.size() == kNamed) break;
    lines.push_back(fmt::format("{} ({})", shared.group, fmt::join(shared.splits, ", ")));
  }
  return lines;
}

std::string leakage_text(const data::Leakage& leakage) {
  std::string text = fmt::format(
      "leakage: files with the same content in two splits: {}; groups in two splits: {} (numbers and texts "
      "of the table itself are not compared)\n",
      leakage.contents.size(), leakage.groups.size());
  for (const std::string& line : content_lines(leakage)) text += "  " + printable(line) + "\n";
  for (const std::string& line : group_lines(leakage)) text += "  group " + printable(line) + "\n";
  return text;
}

void warn_of_leakage(const data::Leakage& leakage) {
  if (!leakage.contents.empty()) {
    log_warning(fmt::format("leakage: files with the same content in two splits, so that scores measure memory: {}: {}",
                            leakage.contents.size(), fmt::join(content_lines(leakage), "; ")));
  }
  if (!leakage.groups.empty()) {
    log_warning(fmt::format("leakage: groups in two splits: {}: {}", leakage.groups.size(),
                            fmt::join(group_lines(leakage), "; ")));
  }
  for (size_t i = 0; i < std::min(leakage.unread.size(), kNamed); ++i) {
    log_warning(fmt::format("not compared with the other splits: {}", leakage.unread[i]));
  }
}

Json json_of(const data::Spread& spread) {
  if (spread.count == 0) return nullptr;
  return {{"count", spread.count}, {"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

Json json_of(const data::ModalityInventory& modality) {
  Json cells = Json::object();
  for (const auto& [split, counts] : modality.cells) {
    cells[split] = {{"samples", counts.samples}, {"empty", counts.empty}, {"missing", counts.missing}};
  }
  return {{"name", modality.name},
          {"type", modality.type},
          {"shape", modality.shape},
          {"cells", cells},
          {"files", modality.files},
          {"bytes", modality.bytes},
          {"unread", modality.unread},
          {"unread_files", modality.unread_files},
          {"unparsed", modality.unparsed},
          {"unparsed_cells", modality.unparsed_cells},
          {"seconds", json_of(modality.seconds)},
          {"width", json_of(modality.width)},
          {"height", json_of(modality.height)}};
}

Json json_of(const data::Leakage& leakage) {
  Json contents = Json::array(), groups = Json::array(), unread = Json::array();
  for (const data::SharedContent& shared : leakage.contents) {
    contents.push_back({{"split", shared.split},
                        {"path", shared.path},
                        {"other_split", shared.other_split},
                        {"other_path", shared.other_path}});
  }
  for (const data::SharedGroup& shared : leakage.groups) {
    groups.push_back({{"group", shared.group}, {"splits", shared.splits}});
  }
  for (const std::string& problem : leakage.unread) unread.push_back(with_flags(problem));
  return {{"found", leakage.found()}, {"contents", contents}, {"groups", groups}, {"unread", unread}};
}

Json json_of(const data::Manifest& manifest, const data::Inventory& inventory, const data::Leakage& leakage) {
  Json splits = Json::object(), modalities = Json::array();
  for (const std::string& split : inventory.splits) {
    const std::vector<int64_t>& counts = inventory.counts.at(split);
    const Balance balance = balance_of(counts);
    // Lists in the order of "classes".
    splits[split] = {{"samples", sum(counts)},
                     {"classes", counts},
                     {"largest", manifest.classes[balance.largest]},
                     {"smallest", manifest.classes[balance.smallest]},
                     {"ratio", balance.ratio > 0 ? Json(balance.ratio) : Json()}};
  }
  for (const data::ModalityInventory& modality : inventory.modalities) modalities.push_back(json_of(modality));
  return {{"name", manifest.name},    {"classes", manifest.classes}, {"missing", manifest.missing},
          {"splits", splits},         {"modalities", modalities},    {"files", inventory.files},
          {"bytes", inventory.bytes}, {"leakage", json_of(leakage)}};
}

std::string text_of(const data::Manifest& manifest, const data::Inventory& inventory, const data::Leakage& leakage) {
  return fmt::format("{}: {} classes, {} samples, {} files, {}\n\n{}\n{}\n{}\n{}", printable(manifest.name),
                     manifest.classes.size(), grouped(static_cast<int64_t>(manifest.rows.size())),
                     grouped(inventory.files), size_text(inventory.bytes), class_table(manifest, inventory),
                     cell_table(inventory), modality_table(inventory), leakage_text(leakage));
}

}  // namespace

int data_info_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp data info",
                         .summary =
                             "Counts a data set: samples of each split and class, modalities, durations and "
                             "sizes from the headers, and what is on both sides of a split.",
                         .example = "pdmp data info mydata --json",
                         .argument = "DIR",
                         .argument_help = "The data set: a folder with dataset.json.",
                         .min_arguments = 1,
                         .max_arguments = 1};
  int64_t workers = std::max<int64_t>(1, std::thread::hardware_concurrency());
  uint64_t seed = 0;
  FileOptions files;
  bool as_json = false;
  OptionList list;
  list.add("workers", &workers, "Threads that read files.").at_least(1).at_most(256);
  list.add("seed", &seed, "Seed of a validation split by val_fraction, where dataset.json has no val_seed.");
  files.describe(list);
  list.add("json", &as_json, "Print JSON.");
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  const data::Manifest manifest = data::read_manifest(words.at(0), seed, files);
  const data::MediaFiles media = data::find_media_files(manifest);
  const data::Inventory inventory = data::take_inventory(manifest, media, workers);
  const data::Leakage leakage = data::find_leakage(manifest, media.files, workers);
  out << (as_json ? json_text(json_of(manifest, inventory, leakage)) : text_of(manifest, inventory, leakage));
  warn_of_leakage(leakage);
  return 0;
}

}  // namespace pdmp::cli
