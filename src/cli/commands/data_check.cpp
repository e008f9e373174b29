#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/signal.h"
#include "base/text/json.h"
#include "base/text/option_names.h"
#include "base/text/printable.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "data/files/damaged_files.h"
#include "data/inspect/decode_check.h"
#include "data/loader/media_files.h"
#include "data/manifest/metadata.h"
#include "pdmp/error.h"

namespace pdmp::cli {
namespace {

std::vector<std::string> chosen_splits(const data::Manifest& manifest, const std::string& wanted) {
  const std::vector<std::string> known = data::splits_of(manifest);
  if (wanted.empty()) return known;
  const std::string split = data::canonical_split(wanted).value_or(wanted);
  if (std::find(known.begin(), known.end(), split) != known.end()) return {split};
  throw Error(ErrorKind::usage, fmt::format("--split: {} has no samples of a split '{}'{}", manifest.directory.string(),
                                            wanted, suggestion(wanted, known)));
}

// The cell itself may be a long text; reasons name its file.
std::string line_of(const data::CheckFailure& failure) {
  return message_line(fmt::format("{}:{}: {} {}, {}: {}", failure.file, failure.line, failure.split, failure.id,
                                  failure.modality, with_flags(failure.reason))) +
         "\n";
}

// Cells of a modality that fail in the same way.
struct Fault {
  std::vector<const data::CheckFailure*> cells;  // the first few
  int64_t count = 0;
};

// "'a/b.png': expected a picture, ..." -> "expected a picture, ...": files differ where the fault does not.
std::string without_file(const std::string& reason) {
  const size_t end = reason.starts_with('\'') ? reason.find("': ") : std::string::npos;
  return end == std::string::npos ? reason : reason.substr(end + 3);
}

// In the order of their first cells.
std::vector<Fault> faults_of(const data::DecodeCheck& check) {
  constexpr size_t kNamed = 6;
  std::vector<Fault> faults;
  std::map<std::pair<std::string, std::string>, size_t> positions;
  for (const data::CheckFailure& failure : check.failures) {
    const auto [found, fresh] = positions.try_emplace({failure.modality, without_file(failure.reason)}, faults.size());
    if (fresh) faults.emplace_back();
    Fault& fault = faults[found->second];
    ++fault.count;
    if (fault.cells.size() < kNamed) fault.cells.push_back(&failure);
  }
  return faults;
}

std::string text_of(const Fault& fault) {
  std::string text = line_of(*fault.cells.front());
  if (fault.count == 1) return text;
  std::vector<std::string> others;
  for (size_t i = 1; i < fault.cells.size(); ++i) {
    others.push_back(
        fmt::format("{}:{} {}", fault.cells[i]->file, fault.cells[i]->line, shortened(fault.cells[i]->id, 40)));
  }
  const bool all = static_cast<size_t>(fault.count) == fault.cells.size();
  return text +
         message_line(fmt::format("  the same in {} more cell{}: {}{}", grouped(fault.count - 1),
                                  fault.count == 2 ? "" : "s", fmt::join(others, ", "),
                                  all ? "" : " ... (--json names all)")) +
         "\n";
}

std::string text_of(const data::DecodeCheck& check) {
  std::string text;
  for (const Fault& fault : faults_of(check)) text += text_of(fault);
  if (!text.empty()) text += "\n";
  std::vector<std::vector<std::string>> rows = {{"split", "modality", "cells", "failed"}};
  int64_t cells = 0;
  for (const data::CheckCount& count : check.counts) {
    rows.push_back({count.split, count.modality, grouped(count.cells), grouped(count.failed)});
    cells += count.cells;
  }
  rows.push_back({"all", "", grouped(cells), grouped(static_cast<int64_t>(check.failures.size()))});
  text += text_table(rows, true);
  if (const int64_t damaged = data::damaged_files().count(); damaged > 0)
    text += fmt::format("\ndamaged files that were read all the same: {}\n", grouped(damaged));
  return text;
}

nlohmann::json json_of(const data::DecodeCheck& check) {
  nlohmann::json counts = nlohmann::json::array(), failures = nlohmann::json::array();
  int64_t cells = 0;
  for (const data::CheckCount& count : check.counts) {
    counts.push_back(
        {{"split", count.split}, {"modality", count.modality}, {"cells", count.cells}, {"failed", count.failed}});
    cells += count.cells;
  }
  for (const data::CheckFailure& failure : check.failures) {
    failures.push_back({{"split", failure.split},
                        {"modality", failure.modality},
                        {"id", failure.id},
                        {"file", failure.file},
                        {"line", failure.line},
                        {"cell", failure.cell},
                        {"reason", with_flags(failure.reason)}});
  }
  return {{"cells", cells},
          {"failed", check.failures.size()},
          {"damaged", data::damaged_files().count()},
          {"counts", counts},
          {"failures", failures}};
}

}  // namespace

int data_check_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp data check",
                         .summary =
                             "Decodes all of a data set and lists what fails, each fault once with the number of its "
                             "cells; the exit status is 1 where one does.",
                         .example = "pdmp data check mydata --split test",
                         .argument = "DIR",
                         .argument_help = "The data set: a folder with dataset.json.",
                         .min_arguments = 1,
                         .max_arguments = 1};
  std::string split;
  int64_t workers = std::max<int64_t>(1, std::thread::hardware_concurrency());
  uint64_t seed = 0;
  FileOptions files;
  bool as_json = false;
  OptionList list;
  list.add("split", &split, "Only this one: train, val or test; none named: all.");
  list.add("workers", &workers, "Threads that decode.").at_least(1).at_most(256);
  list.add("seed", &seed, "Seed of a validation split by val_fraction, where dataset.json has no val_seed.");
  files.describe(list);
  list.add("json", &as_json, "Print JSON.");
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  install_interrupt_handler();
  const data::Manifest manifest = data::read_manifest(words.at(0), seed, files);
  const data::DecodeCheck check = data::check_decoding(manifest, chosen_splits(manifest, split), workers);
  out << (as_json ? json_text(json_of(check)) : text_of(check));
  return check.failures.empty() ? 0 : 1;
}

}  // namespace pdmp::cli
