#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/signal.h"
#include "base/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/run_arguments.h"
#include "data/modality_type.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

using Inputs = std::vector<std::pair<std::string, std::string>>;  // modality, file or text or numbers

struct Prediction {
  std::string id;
  Tensor probabilities;  // (C)
};

// `text` = "picture=a.png".
std::pair<std::string, std::string> parse_input(const std::string& text) {
  const size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size()) {
    throw Error(ErrorKind::usage,
                fmt::format("--input: expected MODALITY=VALUE, found '{}'; for example picture=a.png", text));
  }
  return {text.substr(0, sign), text.substr(sign + 1)};
}

// Takes --input out of `args`: its value may hold commas, which separate values elsewhere.
Inputs take_inputs(std::vector<std::string>& args) {
  const std::string flag = "--input";
  Inputs inputs;
  std::vector<std::string> rest;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == flag && i + 1 < args.size()) {
      inputs.push_back(parse_input(args[++i]));
    } else if (args[i].starts_with(flag + "=")) {
      inputs.push_back(parse_input(args[i].substr(flag.size() + 1)));
    } else {
      rest.push_back(args[i]);
    }
  }
  args = rest;
  return inputs;
}

size_t modality_index(const ModelDescription& model, const std::string& name) {
  std::vector<std::string> names;
  for (const ModalityInfo& modality : model.modalities) names.push_back(modality.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Error(ErrorKind::usage,
                fmt::format("--input: the model has no modality '{}'{}", name, suggestion(name, names)));
  }
  return static_cast<size_t>(found - names.begin());
}

// Modalities not among `inputs` are absent.
Sample make_sample(const ModelDescription& model, const Inputs& inputs, const FileLimits& limits) {
  Sample sample;
  for (const ModalityInfo& modality : model.modalities) {
    sample.inputs.push_back(torch::zeros(modality.shape, modality.type == "text" ? torch::kInt64 : torch::kFloat32));
    sample.present.push_back(false);
  }
  for (const auto& [name, value] : inputs) {
    const size_t m = modality_index(model, name);
    if (sample.present[m])
      throw Error(ErrorKind::usage, fmt::format("--input: '{}' is given twice; give it once", name));
    const auto type = make_modality_type(model.entries[m]);
    const Cell cell{value, ".", std::nullopt, std::nullopt, nullptr, &limits};
    sample.inputs[m] = type->load(cell, nullptr);
    if (sample.inputs[m].sizes().vec() != model.modalities[m].shape) {
      throw Error(ErrorKind::data, fmt::format("{}: expected shape ({}) for '{}', found ({})", value,
                                               fmt::join(model.modalities[m].shape, ", "), name,
                                               fmt::join(sample.inputs[m].sizes().vec(), ", ")));
    }
    sample.present[m] = true;
  }
  return sample;
}

std::vector<Prediction> predict_sample(const LoadedRun& run, const Inputs& inputs) {
  const torch::NoGradGuard no_gradients;
  const FileLimits limits(run.options.data.files);  // whoever named the files may read them
  const Batch batch = collate({make_sample(run.description, inputs, limits)}, {0});
  const Outputs outputs = run.method->forward(*run.model, batch, Mode::evaluate);
  return {{"input", outputs.fused.softmax(1)[0]}};
}

std::vector<Prediction> predict_split(const LoadedRun& run, const RunArguments& arguments) {
  const auto data = arguments.open(run);
  const Evaluation scores = evaluate(*run.model, *run.method, data, run.options.train, arguments.split);
  std::vector<Prediction> predictions;
  for (int64_t i = 0; i < data->size(); ++i) predictions.push_back({data->id(i), scores.probabilities[i]});
  return predictions;
}

void print(const std::vector<Prediction>& predictions, const std::vector<std::string>& classes, bool as_json,
           std::ostream& out) {
  nlohmann::json values = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Prediction& prediction : predictions) {
    const auto best = static_cast<size_t>(prediction.probabilities.argmax().item<int64_t>());
    const double probability = prediction.probabilities.max().item<double>();
    rows.push_back({prediction.id, classes[best], fmt::format("{:.4f}", probability)});
    nlohmann::json all = nlohmann::json::object();
    for (size_t c = 0; c < classes.size(); ++c)
      all[classes[c]] = prediction.probabilities[static_cast<int64_t>(c)].item<double>();
    values.push_back(
        {{"id", prediction.id}, {"class", classes[best]}, {"probability", probability}, {"probabilities", all}});
  }
  out << (as_json ? values.dump(2) + "\n" : text_table(rows, false));
}

}  // namespace

int predict_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{"pdmp predict",
                         "Class and probability of each sample of a split, or of one given by its files.",
                         "pdmp predict --run runs/first --input picture=cat.png --input caption=\"A cat, asleep.\""};
  RunArguments arguments;
  std::string input;  // for the help; take_inputs has read it
  bool as_json = false;
  OptionList list;
  arguments.describe(list);
  list.add("input", &input,
           "MODALITY=FILE; the text itself for text, numbers with commas for a vector. Once per modality; "
           "those left out are absent.");
  list.add("json", &as_json, "Print JSON, with the probability of every class.");
  std::vector<std::string> flags = args;
  const Inputs inputs = take_inputs(flags);
  if (!parse_arguments(list, flags, help, out)) return 0;
  require(list, help, {"run"});
  install_interrupt_handler();
  if (!inputs.empty() && !arguments.data.empty()) {
    throw Error(ErrorKind::usage, "--data and --input contradict each other; give one of them");
  }
  const LoadedRun run = arguments.load();
  print(inputs.empty() ? predict_split(run, arguments) : predict_sample(run, inputs), run.description.classes, as_json,
        out);
  return 0;
}

}  // namespace pdmp
