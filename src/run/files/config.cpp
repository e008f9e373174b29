#include "run/files/config.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "pdmp/error.h"
#include "run/files/paths.h"
#include "train/files/layout.h"

namespace pdmp {
namespace {

// What decides how fast a run is, not what comes out. (Threads: up to rounding.)
constexpr std::array kFree = {"workers", "threads", "keep", "checkpoint-every", "cache", "cache-gib"};

// Not a wish: what the run began with stays.
bool is_open(const Option& option) { return option.name() == "precision" && option.text() == "auto"; }

bool is_free(const std::string& name) { return std::find(kFree.begin(), kFree.end(), name) != kFree.end(); }

std::string quoted(const Option& option) { return option.text().empty() ? "nothing" : option.text(); }

// A data set that is elsewhere may be the one that moved: data.json of the run says so to RunData::expect_same.
bool may_be_same_data(const RunOptions& now, const RunOptions& before, const std::filesystem::path& config) {
  if (runs::is_same_file(now.data.data, before.data.data)) return true;
  return std::filesystem::exists(config.parent_path() / training::run_layout::kData) &&
         std::filesystem::exists(std::filesystem::path(now.data.data) / "dataset.json");
}

// Options that hold paths, and when two of them are the same. All others are the same where their texts are.
struct PathOption {
  const char* name;
  bool (*is_same)(const RunOptions& now, const RunOptions& before, const std::filesystem::path& config);
};
constexpr PathOption kPaths[] = {
    {"data", may_be_same_data},
    {"encoders", [](const RunOptions& now, const RunOptions& before, const std::filesystem::path&) {
       return runs::are_same_encoders(now.model.encoders, before.model.encoders);
     }}};

}  // namespace

void runs::check_options(RunOptions options) {
  OptionList list;
  runs::describe_config(options, list);
  for (const auto& option : list.all()) option->check("`" + option->name() + "`");
  if (options.data.data.empty() && !options.data.in_memory.train)
    throw Error(ErrorKind::usage, "`data` is missing: name the folder of dataset.json");
}

void runs::check_same_config(RunOptions now, RunOptions before, const std::filesystem::path& config,
                             const runs::ResumeAdvice& advice) {
  OptionList now_list, before_list;
  runs::describe_config(now, now_list);
  runs::describe_config(before, before_list);
  std::vector<std::string> differences;
  for (const auto& option : now_list.all()) {
    if (option->is_internal() || is_free(option->name())) continue;
    // The options of another method say nothing more than its name.
    if (now.method.name() != before.method.name() && option->name().starts_with(now.method.name() + ".")) continue;
    const Option& old = before_list.at(option->name(), config.string());
    if (old.text() == option->text() || is_open(old) || is_open(*option)) continue;
    const bool same_paths = std::any_of(std::begin(kPaths), std::end(kPaths), [&](const PathOption& path) {
      return path.name == option->name() && path.is_same(now, before, config);
    });
    if (same_paths) continue;
    if (option->name() == "epochs" && now.train.epochs > before.train.epochs) continue;
    differences.push_back(fmt::format("{} (the run: {}, now: {})", option->name(), quoted(old), quoted(*option)));
  }
  if (differences.empty()) return;
  throw Error(ErrorKind::usage,
              fmt::format("{}: {} was made with another configuration: {}; give the same options{}, or choose {}",
                          advice.option, config.parent_path().string(), fmt::join(differences, ", "),
                          before.train.keep == "all" ? " (more `epochs` is fine)" : "", advice.other));
}

std::string config_toml(RunOptions options) {
  OptionList list;
  runs::describe_config(options, list);
  return with_digest_line(list.to_toml());
}

RunOptions read_config(const std::filesystem::path& file) {
  if (const std::string problem = digest_line_problem(read_file(file)); !problem.empty()) {
    throw Error(
        ErrorKind::data,
        fmt::format("{}: {}; restore it, or start again with `overwrite` (an edited copy elsewhere can be given "
                    "with `config`)",
                    file.string(), problem));
  }
  RunOptions options;
  OptionList list;
  options.describe(list);
  list.load_toml(file.string());
  return options;
}

}  // namespace pdmp
