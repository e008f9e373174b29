#include "cli/commands/cache_fill.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/signal.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "data/loader/fill_cache.h"
#include "pdmp/error.h"
#include "pdmp/run.h"

namespace pdmp::cli {

CacheFillOptions::CacheFillOptions()
    : gib(DataOptions().cache_gib), jobs(std::max<int64_t>(1, std::thread::hardware_concurrency())) {}

void CacheFillOptions::describe_cache(OptionList& list) {
  list.add("cache", &cache, "Folder to keep decoded samples in, of all splits; it is made.");
  data::describe_cache_limit(list, &gib);
}

void CacheFillOptions::check_cache() const {
  if (!std::filesystem::exists(cache) || std::filesystem::is_directory(cache)) return;
  throw Error(ErrorKind::io, fmt::format("--cache '{}': expected a folder or nothing there yet, found a file; name "
                                         "another place",
                                         cache));
}

void fill_cache_with(const CacheFillOptions& options, std::ostream& out) {
  options.check_cache();
  const data::Manifest manifest = data::read_manifest(options.data, options.seed, options.files);
  std::optional<data::SampleCache> opened;
  try {
    opened.emplace(options.cache, data::cache_limit(options.gib));
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("--cache: {}", error.what()), error.details());
  }
  data::SampleCache& cache = *opened;
  if (options.keys) {
    cache.on_commit([&out](const std::vector<std::string>& keys) {
      out << fmt::format("{}\n", fmt::join(keys, "\n")) << std::flush;
    });
  }
  const data::CacheFill fill = data::fill_cache(manifest, cache, options.jobs);
  if (fill.failed > 0) {
    log_warning(fmt::format("{} of {} cells do not decode: {}; pdmp data check lists all", fill.failed, fill.cells,
                            fmt::join(fill.reasons, "; ")));
  }
  if (const std::string problem = cache.problem(); !problem.empty()) {
    throw Error(ErrorKind::io,
                fmt::format("--cache '{}': expected room for everything, found that {}", options.cache, problem));
  }
  const data::SampleCache::Info info = cache.info();
  log_info(fmt::format("{} of {} cells decoded; '{}' holds {} entries, {:.1f} MB", fill.cells - fill.failed, fill.cells,
                       options.cache, info.entries, static_cast<double>(info.bytes) / 1e6));
}

int cache_fill_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp cache fill",
                         .summary =
                             "Decodes all of a data set into a cache, so that the first epoch is as fast as "
                             "the others. What is there already is not decoded again.",
                         .example = "pdmp cache fill --data mydata --cache mycache"};
  CacheFillOptions options;
  OptionList list;
  list.add("data", &options.data, "Data set: the folder of dataset.json.");
  options.describe_cache(list);
  list.add("jobs", &options.jobs, "Threads that decode.").at_least(1).at_most(256);
  list.add("seed", &options.seed, "Seed of a validation split by val_fraction, where dataset.json has no val_seed.");
  options.files.describe(list);
  list.add("list", &options.keys, "Print the key of each entry once it is on disk.");
  if (!parse_arguments(list, args, help, out)) return 0;
  require(list, help, {"data", "cache"});
  install_interrupt_handler();
  fill_cache_with(options, out);
  return 0;
}

}  // namespace pdmp::cli
