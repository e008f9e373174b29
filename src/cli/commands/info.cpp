#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/json.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "pdmp/error.h"
#include "pdmp/run.h"
#include "run/files/environment.h"
#include "train/step/precision.h"

namespace pdmp::cli {
namespace {

// {"cpu": {"avx2": true}} -> "cpu.avx2  yes".
void add_rows(const std::string& prefix, const nlohmann::json& values, std::vector<std::vector<std::string>>& rows) {
  for (const auto& [key, value] : values.items()) {
    const std::string name = prefix + key;
    if (value.is_object()) {
      add_rows(name + ".", value, rows);
    } else if (value.is_boolean()) {
      rows.push_back({name, value.get<bool>() ? "yes" : "no"});
    } else {
      rows.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
    }
  }
}

}  // namespace

int info_command(const std::vector<std::string>& args, std::ostream& out) {
  const std::string about_model = "model";
  if (!args.empty() && args[0] == about_model) return info_model_command({args.begin() + 1, args.end()}, out);
  bool as_json = false;
  TrainOptions options;
  OptionList list;
  list.add("json", &as_json, "Print JSON.");
  list.add("threads", &options.threads, "Threads LibTorch computes with; 0: one per core.").at_least(0);
  list.add("device", &options.device, "Where to compute.").one_of({"cpu", "cuda"});
  const CommandHelp help{
      .name = "pdmp info",
      .summary = "Version, LibTorch, CPU features, threads and the precision `auto` may choose.",
      .example = "pdmp info --json",
      .argument = "WHAT",
      .argument_help = "model: what a model is made of, see pdmp info model --help. None: this machine.",
      .min_arguments = 0,
      .max_arguments = 1};
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  if (!words.empty()) {
    throw Error(ErrorKind::usage,
                words[0] == about_model
                    ? "pdmp info: expected 'model' before the flags: pdmp info model --data mydata"
                    : fmt::format("pdmp info: unknown word '{}'{}", words[0], suggestion(words[0], {about_model})));
  }
  nlohmann::json values = runs::environment(options);
  if (options.device == "cpu") values["precision"] = training::cpu_has_bf16() ? "bf16" : "fp32";
  if (as_json) {
    out << json_text(values);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  add_rows("", values, rows);
  out << text_table(rows, false);
  return 0;
}

}  // namespace pdmp::cli
