#include <fmt/format.h>

#include "analysis/rank.h"
#include "models/encoder_choice.h"

namespace pdmp {

void AnalysisOptions::describe(OptionList& list) {
  std::vector<std::string> criteria, end_modes;
  for (const analysis::EarlyCriterion& row : analysis::early_criterion_table()) criteria.emplace_back(row.name);
  for (const analysis::EndMode& row : analysis::end_mode_table()) end_modes.emplace_back(row.name);
  list.add("subset", &subset, "Fractions of train to analyse, drawn class by class; below 0.4 rankings may flip.")
      .above(0)
      .at_most(1)
      .advanced();
  list.add("criterion", &criterion, "How the modality that leads at first is found.").one_of(criteria).advanced();
  list.add("end-mode", &end_mode, "How the end of a curve becomes one number.").one_of(end_modes).advanced();
  list.add("performance-dominant", &performance_dominant, "criterion manual: the modality that is best on its own.")
      .advanced();
  list.add("optimization-dominant", &optimization_dominant, "criterion manual: the modality that leads at first.")
      .advanced();
  list.add("epochs", &epochs, "Epochs each modality is trained alone; 0: as many as the training.")
      .at_least(0)
      .advanced();
  list.add("stop", &stop, "auto: no more epochs once the ranking is settled.").one_of({"auto", "never"}).advanced();
}

std::string analysis_settings(const std::vector<ModalityInfo>& modalities, const ModelOptions& model,
                              const TrainOptions& train, const AnalysisOptions& options) {
  std::string text;
  const std::vector<models::EncoderChoice> encoders = models::choose_encoders(modalities, model);
  for (size_t m = 0; m < modalities.size(); ++m)
    text += fmt::format("{}{}={}", text.empty() ? "encoders " : ",", modalities[m].name, encoders[m].spec);
  text += fmt::format("; init {}; epochs {}; batch-size {}", model.init,
                      options.epochs > 0 ? options.epochs : train.epochs, train.batch_size);
  if (train.accumulate > 1) text += fmt::format("; accumulate {}", train.accumulate);
  if (train.sampler != "uniform") text += "; sampler " + train.sampler;
  if (train.select_metric != "accuracy") text += "; select-metric " + train.select_metric;
  OptimizerOptions optimizer = train.optimizer;
  OptionList list;
  optimizer.describe(list);
  for (const auto& option : list.all()) text += fmt::format("; {} {}", option->name(), option->text());
  return text + "; stop " + options.stop;
}

}  // namespace pdmp
