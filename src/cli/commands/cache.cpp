// `pdmp cache`: what the sample cache holds, whether it is whole, and emptying and filling it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text/json.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/subcommand.h"
#include "data/cache/sample_cache.h"
#include "pdmp/error.h"
#include "pdmp/run.h"

namespace pdmp::cli {
namespace {

namespace fs = std::filesystem;

// Looking writes nothing; it only must see as far as others write.
constexpr int64_t kAnyLimit = int64_t{1} << 38;

std::string megabytes(int64_t bytes) { return fmt::format("{:.1f}", static_cast<double>(bytes) / 1e6); }

CommandHelp help_of(const char* name, const char* summary, const char* example) {
  return {.name = name,
          .summary = summary,
          .example = example,
          .argument = "DIR",
          .argument_help = "The cache: the folder --cache named.",
          .min_arguments = 1,
          .max_arguments = 1};
}

// Looking must not make a cache.
fs::path existing_cache(const std::string& folder) {
  if (!data::KeyStore::is_there(folder)) {
    throw Error(ErrorKind::io, fmt::format("'{}': expected a sample cache, found no data.mdb in it; pdmp cache fill "
                                           "makes one",
                                           folder));
  }
  return folder;
}

// Nor does looking at a cache repair it.
data::SampleCache look_at(const std::string& folder) {
  return data::SampleCache(existing_cache(folder), kAnyLimit, {}, data::OnDamage::refuse);
}

std::string text_of(const data::SampleCache::Info& info) {
  std::vector<std::vector<std::string>> rows = {{"kind", "entries", "MB"}};
  for (int k = 0; k < data::kCacheKinds; ++k) {
    const auto& count = info.kinds[static_cast<size_t>(k)];
    rows.push_back(
        {data::cache_kind_name(static_cast<data::CacheKind>(k)), grouped(count.entries), megabytes(count.bytes)});
  }
  rows.push_back({"all", grouped(info.entries), megabytes(info.bytes)});
  return text_table(rows, true) + fmt::format("\nlimit {} MB; {} MB on disk; content of {} files known\n",
                                              megabytes(info.limit), megabytes(info.file_bytes), grouped(info.files));
}

nlohmann::json json_of(const data::SampleCache::Info& info) {
  nlohmann::json kinds = nlohmann::json::object();
  for (int k = 0; k < data::kCacheKinds; ++k) {
    const auto& count = info.kinds[static_cast<size_t>(k)];
    kinds[data::cache_kind_name(static_cast<data::CacheKind>(k))] = {{"entries", count.entries},
                                                                     {"bytes", count.bytes}};
  }
  return {{"entries", info.entries},       {"bytes", info.bytes}, {"limit", info.limit},
          {"file_bytes", info.file_bytes}, {"files", info.files}, {"kinds", kinds}};
}

int cache_info_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help =
      help_of("pdmp cache info", "How many decoded samples of which kind a cache holds.", "pdmp cache info mycache");
  bool as_json = false;
  OptionList list;
  list.add("json", &as_json, "Print JSON, with bytes.");
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  const data::SampleCache::Info info = look_at(words.at(0)).info();
  if (info.damaged > 0) {
    log_warning(fmt::format("sample cache '{}': {} records are damaged and not counted; pdmp cache verify lists them",
                            words.at(0), info.damaged));
  }
  out << (as_json ? json_text(json_of(info)) : text_of(info));
  return 0;
}

int cache_verify_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help = help_of("pdmp cache verify",
                                   "Reads every entry and compares its checksum; lists those that are damaged, which "
                                   "are never used, and exits with 1 where there is one.",
                                   "pdmp cache verify mycache");
  bool keys = false;
  OptionList list;
  list.add("list", &keys, "Print the key of each whole entry.");
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  const data::SampleCache cache = look_at(words.at(0));
  const auto bad = cache.verify([&](const std::string& key) {
    if (keys) out << key << "\n";
  });
  for (const auto& [key, reason] : bad) out << key << " " << reason << "\n";
  if (!keys) out << fmt::format("{} entries, {} bad\n", cache.info().entries, bad.size());
  return bad.empty() ? 0 : 1;
}

int cache_clear_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help = help_of("pdmp cache clear", "Removes all entries of a cache and gives its disk space back.",
                                   "pdmp cache clear mycache");
  OptionList list;
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  data::KeyStore::remove(existing_cache(words.at(0)));
  return 0;
}

const std::vector<Command>& cache_command_table() {
  static const std::vector<Command> table = {
      {"fill", "decodes a data set into it", cache_fill_command},
      {"info", "entries and bytes by kind", cache_info_command},
      {"verify", "compares the checksum of every entry", cache_verify_command},
      {"clear", "removes all entries", cache_clear_command},
  };
  return table;
}

}  // namespace

int cache_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp cache",
                         .summary = "Decoded samples on disk, for the next epoch and the next run.",
                         .example = "pdmp cache info mycache"};
  return run_subcommand(cache_command_table(), help, args, out);
}

}  // namespace pdmp::cli
