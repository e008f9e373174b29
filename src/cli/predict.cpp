#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <unistd.h>
#include <utility>

#include "base/json.h"
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
      throw Error(ErrorKind::data, fmt::format("--input: expected shape ({}) for '{}', found ({})",
                                               fmt::join(model.modalities[m].shape, ", "), name,
                                               fmt::join(sample.inputs[m].sizes().vec(), ", ")));
    }
    sample.present[m] = true;
  }
  return sample;
}

// Prints predictions as they come: the probabilities of all of them can be more than memory holds.
class Printer {
 public:
  Printer(const std::vector<std::string>& classes, bool as_json, std::ostream& out)
      : classes_(classes), as_json_(as_json), out_(out) {}

  void expect(int64_t samples) { best_.reserve(static_cast<size_t>(samples)); }

  void add(const std::string& id, const Tensor& probabilities) {
    const auto best = static_cast<size_t>(probabilities.argmax().item<int64_t>());
    const double probability = probabilities.max().item<double>();
    if (as_json_) {
      print(
          {{"id", id}, {"class", classes_[best]}, {"probability", probability}, {"probabilities", all(probabilities)}});
    } else {
      best_.emplace_back(best, probability);
    }
  }

  template <class Id>
  void finish(Id id_of) {
    if (as_json_) {
      out_ << (any_ ? "\n]\n" : "[]\n");
      return;
    }
    std::vector<std::vector<std::string>> rows;
    for (size_t i = 0; i < best_.size(); ++i) {
      rows.push_back(
          {id_of(static_cast<int64_t>(i)), classes_[best_[i].first], fmt::format("{:.4f}", best_[i].second)});
    }
    out_ << text_table(std::move(rows), false);
  }

 private:
  nlohmann::json all(const Tensor& probabilities) const {
    nlohmann::json values = nlohmann::json::object();
    for (size_t c = 0; c < classes_.size(); ++c) {
      values[classes_[c]] = probabilities[static_cast<int64_t>(c)].item<double>();
    }
    return values;
  }

  // One element of the list, indented as within it.
  void print(const nlohmann::json& value) {
    std::string text = json_text(value);
    text.pop_back();  // the newline at the end
    std::string element = any_ ? ",\n  " : "[\n  ";
    for (const char c : text) element += c == '\n' ? "\n  " : std::string(1, c);
    out_ << element;
    any_ = true;
  }

  const std::vector<std::string>& classes_;
  bool as_json_, any_ = false;
  std::ostream& out_;
  std::vector<std::pair<size_t, double>> best_;  // class and probability; texts kept from each batch would leave holes
};

void predict_sample(const LoadedRun& run, const Inputs& inputs, Printer& printer) {
  const torch::NoGradGuard no_gradients;
  const FileLimits limits(run.options.data.files);  // whoever named the files may read them
  const Batch batch = collate({make_sample(run.description, inputs, limits)}, {0});
  const Outputs outputs = run.method->forward(*run.model, batch, Mode::evaluate);
  printer.add("input", outputs.fused.softmax(1)[0]);
  printer.finish([](int64_t) { return std::string("input"); });
}

void predict_split(const LoadedRun& run, const RunArguments& arguments, bool as_json, Printer& printer) {
  const auto data = arguments.open(run);
  int64_t next = 0;
  printer.expect(data->size());
  const PredictionSink sink = [&](const Tensor&, const Tensor& probabilities) {
    for (int64_t i = 0; i < probabilities.size(0); ++i) printer.add(data->id(next++), probabilities[i]);
  };
  // A progress bar would stand among the values.
  const bool mixed = as_json && isatty(STDOUT_FILENO) == 1;
  evaluate(*run.model, *run.method, data, run.options.train, mixed ? "" : arguments.split, {}, sink);
  printer.finish([&](int64_t i) { return data->id(i); });
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
  Printer printer(run.description.classes, as_json, out);
  if (inputs.empty()) {
    predict_split(run, arguments, as_json, printer);
  } else {
    predict_sample(run, inputs, printer);
  }
  return 0;
}

}  // namespace pdmp
