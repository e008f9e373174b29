// `pdmp info model`: what a model is made of, before anything is trained.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/text/json.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "data/types/modality_type.h"
#include "models/architecture.h"
#include "pdmp/error.h"
#include "pdmp/run.h"

namespace pdmp::cli {
namespace {

struct ModelArguments {
  DataOptions data;
  std::vector<std::string> inputs;
  std::optional<int64_t> classes;
  ModelOptions model;
  bool as_json = false;
};

// What a model takes and tells apart.
struct Task {
  std::vector<ModalityInfo> modalities;
  int64_t classes = 0;
};

struct Sum {
  int64_t parameters = 0, flops = 0;
};

void describe(ModelArguments& arguments, OptionList& list) {
  list.add("data", &arguments.data.data, "Data set whose modalities and classes the model is for.");
  list.add("modalities", &arguments.data.modalities, "Modalities of the data set to use; none named: all.");
  list.add("inputs", &arguments.inputs,
           "Without a data set: NAME=TYPE:SIZES of every modality, as picture=image:3x64x64,speech=audio:1x64x198.");
  list.add("classes", &arguments.classes, "Number of classes, with --inputs.").at_least(2);
  list.add("json", &arguments.as_json, "Print JSON.");
  list.heading("Model");
  arguments.model.describe(list);
}

Error bad_input(const std::string& text) {
  return Error(
      ErrorKind::usage,
      fmt::format("--inputs: expected NAME=TYPE:SIZES with whole sizes, as picture=image:3x64x64, found '{}'", text));
}

// "3x64x64"
std::vector<int64_t> parse_shape(const std::string& sizes, const std::string& whole) {
  std::vector<int64_t> shape;
  const char* at = sizes.data();
  const char* const end = at + sizes.size();
  while (true) {
    int64_t size = 0;
    const auto [next, error] = std::from_chars(at, end, size);
    if (error != std::errc() || size < 1) throw bad_input(whole);
    shape.push_back(size);
    if (next == end) return shape;
    if (*next != 'x') throw bad_input(whole);
    at = next + 1;
  }
}

// "picture=image:3x64x64"
ModalityInfo parse_input(const std::string& text) {
  const size_t sign = text.find('=');
  const size_t colon = text.find(':', sign == std::string::npos ? 0 : sign);
  if (sign == std::string::npos || sign == 0 || colon == std::string::npos) throw bad_input(text);
  const std::string type = text.substr(sign + 1, colon - sign - 1);
  std::vector<std::string> types;
  for (const data::ModalityTypeInfo& row : data::modality_type_table()) types.emplace_back(row.name);
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    throw Error(ErrorKind::usage, fmt::format("--inputs {}: unknown type '{}'{}", text, type, suggestion(type, types)));
  }
  return {text.substr(0, sign), type, parse_shape(text.substr(colon + 1), text)};
}

Task task_of(const ModelArguments& arguments, const CommandHelp& help) {
  if (arguments.inputs.empty()) {
    if (arguments.data.data.empty()) {
      throw Error(ErrorKind::usage, fmt::format("{}: expected --data or --inputs, found neither; for example: {}",
                                                help.name, help.example));
    }
    if (arguments.classes) {
      throw Error(ErrorKind::usage, "--classes and --data contradict each other; the data set has its own classes");
    }
    const TrainingData data = load_data(arguments.data, 0);
    return {data.train->modalities(), static_cast<int64_t>(data.train->classes().size())};
  }
  if (!arguments.data.data.empty() || !arguments.data.modalities.empty()) {
    throw Error(ErrorKind::usage, "--inputs stands for a data set; leave out --data and --modalities, or --inputs");
  }
  if (!arguments.classes) {
    throw Error(ErrorKind::usage,
                "--classes: expected the number of classes beside --inputs, found none; add "
                "--classes 6, say");
  }
  Task task{{}, *arguments.classes};
  for (const std::string& input : arguments.inputs) task.modalities.push_back(parse_input(input));
  return task;
}

std::string owner_name(const Model& model, const std::optional<int64_t>& owner) {
  return owner ? model.infos()[static_cast<size_t>(*owner)].name : "shared";
}

// The modalities in their order, then "shared"; what has no parameters is shared too.
std::vector<std::pair<std::string, Sum>> sums_of(const Model& model, const models::Architecture& architecture) {
  std::vector<std::pair<std::string, Sum>> sums;
  for (const ModalityInfo& info : model.infos()) sums.emplace_back(info.name, Sum{});
  sums.emplace_back("shared", Sum{0, architecture.flops_without_parameters});
  for (const models::ModuleRow& row : architecture.rows) {
    Sum& sum = sums[row.owner ? static_cast<size_t>(*row.owner) : sums.size() - 1].second;
    sum.parameters += row.parameters;
    sum.flops += row.flops;
  }
  return sums;
}

Sum total_of(const std::vector<std::pair<std::string, Sum>>& sums) {
  Sum total;
  for (const auto& [name, sum] : sums) {
    total.parameters += sum.parameters;
    total.flops += sum.flops;
  }
  return total;
}

nlohmann::json json_of(const Model& model, const models::Architecture& architecture) {
  nlohmann::json modules = nlohmann::json::array(), owners = nlohmann::json::object();
  for (const models::ModuleRow& row : architecture.rows) {
    modules.push_back({{"module", row.name},
                       {"output", row.output},
                       {"parameters", row.parameters},
                       {"owner", owner_name(model, row.owner)},
                       {"flops", row.flops}});
  }
  const auto sums = sums_of(model, architecture);
  for (const auto& [name, sum] : sums) owners[name] = {{"parameters", sum.parameters}, {"flops", sum.flops}};
  const Sum total = total_of(sums);
  return {{"modules", modules},
          {"flops_without_parameters", architecture.flops_without_parameters},
          {"owners", owners},
          {"parameters", total.parameters},
          {"flops", total.flops}};
}

std::string text_of(const Model& model, const models::Architecture& architecture) {
  std::vector<std::vector<std::string>> rows = {{"module", "output", "parameters", "owner", "FLOPs"}};
  for (const models::ModuleRow& row : architecture.rows) {
    rows.push_back({row.name, row.output.empty() ? "-" : fmt::format("{}", fmt::join(row.output, "x")),
                    grouped(row.parameters), owner_name(model, row.owner), grouped(row.flops)});
  }
  if (architecture.flops_without_parameters > 0) {
    rows.push_back({"without parameters", "-", "0", "shared", grouped(architecture.flops_without_parameters)});
  }
  std::vector<std::vector<std::string>> totals = {{"owner", "parameters", "FLOPs"}};
  const auto sums = sums_of(model, architecture);
  for (const auto& [name, sum] : sums) totals.push_back({name, grouped(sum.parameters), grouped(sum.flops)});
  const Sum total = total_of(sums);
  totals.push_back({"all", grouped(total.parameters), grouped(total.flops)});
  return text_table(rows, true) + "\n" + text_table(totals, true);
}

}  // namespace

int info_model_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{
      "pdmp info model",
      "The modules of a model: output of one sample, parameters, owner (a modality, or shared) and FLOPs of one "
      "forward "
      "pass to the fused logits: two per multiply-add of convolutions and matrix products, nothing else. Products of "
      "features with each other (attention) are a row without parameters.",
      "pdmp info model --inputs picture=image:3x64x64,speech=audio:1x64x198 --classes 9 --fusion concat"};
  ModelArguments arguments;
  OptionList list;
  describe(arguments, list);
  if (!parse_arguments(list, args, help, out)) return 0;
  const Task task = task_of(arguments, help);
  arguments.model.check(task.modalities);
  arguments.model.pretrained = false;  // counted, not used
  Model model(task.modalities, task.classes, arguments.model, 0);
  const models::Architecture architecture = models::measure_architecture(model);
  out << (arguments.as_json ? json_text(json_of(model, architecture)) : text_of(model, architecture));
  return 0;
}

}  // namespace pdmp::cli
