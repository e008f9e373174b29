#include "train/fit.h"

#include <ATen/CPUGeneratorImpl.h>
#include <cmath>
#include <fmt/format.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/signal.h"
#include "base/text/json_fields.h"
#include "data/loader/modality_dropout.h"
#include "data/loader/split.h"
#include "pdmp/error.h"
#include "train/batch_device.h"
#include "train/beginning.h"
#include "train/finite.h"
#include "train/history.h"
#include "train/next_batch.h"
#include "train/own_parts.h"

namespace pdmp {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

// `auto` is the method's own default; methods only ever see "before" or "after".
TrainOptions resolve_clip_position(TrainOptions options, const Method& method) {
  if (options.optimizer.clip_position == "auto") {
    options.optimizer.clip_position = method.clips_after_modulation() ? "after" : "before";
  }
  return options;
}

void append(std::vector<Tensor>& tensors, const std::vector<Tensor>& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
}

// Of a method that needs it; takes it from train where there is no validation split.
HeldOut hold_out(FitInputs& inputs) {
  if (!inputs.method.needs_held_out()) return {};
  if (inputs.data.val) return {inputs.data.val, "val"};
  const HeldBack parts = hold_back_tenth(inputs.data.train, inputs.options.seed);
  inputs.data.train = parts.train;
  return {parts.held_out, kTenthOfTrain};
}

}  // namespace

LoaderOptions training_loader(const TrainOptions& options) {
  return {.batch_size = options.step_samples(),
          .shuffle = true,
          .balanced = options.sampler == "balanced",
          .augment = true,
          .workers = options.workers,
          .pinned = resolve_device(options.device).is_cuda(),
          .seed = options.seed};
}

Fit::Fit(FitInputs inputs)
    : in_(std::move(inputs)),
      device_(resolve_device(in_.options.device)),
      precision_(resolve_precision(in_.options.precision, device_)),
      held_out_(hold_out(in_)),
      criterion_(in_.options.optimizer, *in_.data.train),
      random_(random_stream(in_.options.seed, "method")),
      best_(find_metric(in_.options.select_metric)) {
  in_.options = resolve_clip_position(in_.options, in_.method);
  if (in_.options.select == "best_val" && !in_.data.val) {
    throw Error(ErrorKind::usage,
                "--select best_val: expected a validation split, this run has none; use --select last");
  }
  if (in_.options.select == "best_test" && !in_.select_on) {
    throw Error(ErrorKind::usage, "--select best_test: expected a test split, this run has none; use --select last");
  }
}

FitResult Fit::run() {
  Loader loader(in_.data.train, training_loader(in_.options));
  begin();
  while (!finished()) train_epoch(loader);
  return finish();
}

void Fit::check() { prepare_method(); }

void Fit::prepare_method() {
  torch::manual_seed(stream_seed(in_.options.seed, "torch"));
  in_.model->to(device_);
  in_.model->set_micro_batch(micro_batch());
  parts_ = in_.method.extend(*in_.model);
  if (parts_ && in_.start_parts) in_.start_parts(*parts_);
  if (parts_) parts_->to(device_);
  in_.method.prepare(*this, in_.options.optimizer);
  optimizer_ =
      make_optimizer(with_own_parts(in_.method.parameter_groups(*in_.model, in_.options.optimizer), parts_.get()));
  if (in_.options.ema == 0) return;
  std::vector<Tensor> averaged = in_.model->parameters();
  if (parts_) append(averaged, parts_->parameters());
  average_ = std::make_shared<WeightAverage>(std::move(averaged), in_.options.ema);
}

void Fit::begin() {
  start_ = std::chrono::steady_clock::now();
  // A run that goes on has its beginning in the checkpoint.
  if (in_.run != nullptr && !in_.run->has_checkpoint()) beginning_.encoders = encoder_hashes(*in_.model);
  prepare_method();
  if (in_.run != nullptr) {
    if (const auto state = in_.run->load_checkpoint(weights())) resume(*state);
  }
  for (const std::string& note : in_.method.notes()) log_info(note);
  if (held_out_.data) log_info(fmt::format("held out: {} ({} samples)", held_out_.name, held_out_.data->size()));
  const int64_t batches = (in_.data.train->size() + in_.options.step_samples() - 1) / in_.options.step_samples();
  progress_ = std::make_unique<Progress>(in_.label, in_.options.epochs * batches, "step");
  progress_->advance(step_);
}

void Fit::resume(const CheckpointState& state) {
  try {
    take(state);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("{}/checkpoints: expected the state of a training of this pdmp, found "
                                             "another ({}); start again with --overwrite",
                                             in_.run->path().string(), json_problem(error)));
  }
  if (selects_best() && best_.epoch() >= 0) in_.run->recover_best(weights(), best_.epoch(), state);
}

void Fit::take(const CheckpointState& state) {
  epoch_ = state.epoch;
  batch_in_epoch_ = state.batch;
  step_ = state.step;
  optimizer_->load(state.optimizer);
  in_.method.load(state.method);
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  generator.set_state(state.generator);
  const nlohmann::json& values = state.values;
  random_.load(values.at("random").get<std::string>());
  sums_ = EpochSums::load(values.at("sums"));
  for (const nlohmann::json& record : values.at("history")) history_.push_back(epoch_record_from_json(record));
  values.at("beginning").at("encoders").get_to(beginning_.encoders);
  values.at("beginning").at("batches").get_to(beginning_.batches);
  best_.load(values);
}

CheckpointState Fit::state() const {
  CheckpointState state;
  state.epoch = epoch_;
  state.batch = batch_in_epoch_;
  state.step = step_;
  optimizer_->save(state.optimizer);
  in_.method.save(state.method);
  state.generator = at::detail::getDefaultCPUGenerator().get_state();
  nlohmann::json history = nlohmann::json::array();
  for (const EpochRecord& record : history_) history.push_back(to_json(record));
  state.values = {{"random", random_.save()},
                  {"sums", sums_.save()},
                  {"history", history},
                  {"beginning", {{"encoders", beginning_.encoders}, {"batches", beginning_.batches}}}};
  best_.save(state.values);
  return state;
}

void Fit::checkpoint() {
  expect_finite_weights();  // the one there is stays
  if (in_.run != nullptr) in_.run->save_checkpoint(weights(), state());
}

bool Fit::finished() const {
  if (epoch_ >= in_.options.epochs) return true;
  const bool between_epochs = batch_in_epoch_ == 0;
  return between_epochs && best_.is_out_of_patience(epoch_, in_.options.patience);
}

void Fit::train_epoch(Loader& loader) {
  const auto epoch_start = std::chrono::steady_clock::now();
  const double waited = loader.wait_seconds();
  begin_epoch();
  loader.start_epoch(epoch_, batch_in_epoch_);
  while (std::optional<Batch> batch = next_batch(loader, [this] { stop_for_interrupt(); })) {
    train_step(std::move(*batch));
    if (interrupted()) stop_for_interrupt();
  }
  try {
    finish_epoch(seconds_since(epoch_start), loader.wait_seconds() - waited);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) throw;
    stop_for_interrupt();  // after the last step, as if the evaluation had not begun
  }
}

void Fit::begin_epoch() {
  if (batch_in_epoch_ == 0) {
    sums_ = {};
    in_.method.on_epoch_begin(*this);
  }
  in_.model->train();
}

void Fit::train_step(Batch batch) {
  batch_ = to_device(with_modality_dropout(std::move(batch)), device_);
  if (in_.run != nullptr && epoch_ == 0) beginning_.batches = hash_of_batches(beginning_.batches, batch_.index);
  log_.clear();
  logging_ = step_ % in_.options.log_every == 0;
  optimizer_->zero_grad();
  account(checked_step());
  if (average_) average_->update(/*first=*/step_ == 0);
  ++step_;
  ++batch_in_epoch_;
  progress_->advance();
}

// Where weights are not finite any more, LibTorch fails in many places, in words that do not say so.
Loss Fit::checked_step() {
  try {
    return in_.method.step(*this);
  } catch (const c10::Error&) {
    if (const std::string cause = nonfinite_cause(weights(), *in_.model, batch_); !cause.empty()) fail_diverged(cause);
    throw;
  }
}

void Fit::fail_diverged(const std::string& found) const {
  pdmp::fail_diverged(found, epoch_ + 1, step_ + 1, in_.options.optimizer.lr, in_.run);
}

// A step's loss was finite: its update made them so.
void Fit::expect_finite_weights() const {
  if (const std::string name = nonfinite_weight(weights()); !name.empty()) {
    pdmp::fail_diverged("the weights " + name, epoch_ + 1, step_, in_.options.optimizer.lr, in_.run);
  }
}

Outputs Fit::forward() {
  const PrecisionScope scope(precision_, device_);
  Outputs outputs = in_.method.forward(*in_.model, batch_, Mode::train);
  to_float32(outputs);
  return outputs;
}

void Fit::backward(const Tensor& loss) { loss.backward(); }

void Fit::update(const Outputs& outputs) {
  if (outputs.fused.defined()) fused_ = outputs.fused.detach();
  const OptimizerOptions& options = in_.options.optimizer;
  const bool clips = options.clip_norm > 0;
  if (clips && options.clip_position == "before") clip_gradients(all_parameters(), options.clip_norm);
  if (logging_) {
    log_branches(log_, *in_.model, outputs, batch_);
    log_gradient_norms(log_, "gradnorm", *in_.model, *optimizer_, false);
  }
  in_.method.modulate(*this, outputs);
  if (logging_) log_gradient_norms(log_, "gradnorm_modulated", *in_.model, *optimizer_, true);
  if (clips && options.clip_position == "after") clip_gradients(all_parameters(), options.clip_norm);
  train_probes(outputs);
  optimizer_->step(schedule_factor(options, epoch_, in_.options.epochs));
}

// A step has a stream of its own, so that a resumed run draws the same numbers without anything saved.
Batch Fit::with_modality_dropout(Batch batch) const {
  if (in_.options.modality_dropout <= 0) return batch;
  RandomStream random = random_stream(in_.options.seed, fmt::format("modality-dropout/{}", step_));
  batch.present = drop_modalities(batch.present, in_.options.modality_dropout, random);
  return batch;
}

// The probes' gradients come last, where clipping, logging and the method see nothing of them: without probes
// everything else would be the same.
void Fit::train_probes(const Outputs& outputs) {
  if (outputs.features.empty()) return;
  const Tensor loss = in_.model->probe_loss(outputs.features, batch_.present, batch_.labels);
  if (loss.defined()) loss.backward();
}

void Fit::scale(const std::vector<Tensor>& parameters, double c) {
  if (!std::isfinite(c)) {
    ++nonfinite_coefficients_;
    log_["modulation.nonfinite"] = static_cast<double>(nonfinite_coefficients_);
    return;
  }
  const OptimizerOptions& options = in_.options.optimizer;
  const bool by_rate = options.modulation == "lr" || (options.modulation == "auto" && options.adaptive());
  for (const Tensor& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    if (by_rate) {
      optimizer_->scale_next_step(parameter, c);
    } else {
      parameter.mutable_grad().mul_(c);
    }
  }
}

void Fit::account(const Loss& loss) {
  const double value = loss.total.item<double>();
  if (!std::isfinite(value)) {
    const std::string cause = nonfinite_cause(weights(), *in_.model, batch_);
    fail_diverged(fmt::format("a loss of {:g}{}", std::fabs(value), cause.empty() ? "" : " and " + cause));
  }
  const double n = static_cast<double>(batch_.size());
  sums_.loss += value * n;
  sums_.samples += batch_.size();
  sums_.correct += fused_.argmax(1).eq(batch_.labels).sum().item<int64_t>();
  if (!logging_) return;
  log_["loss/total"] = value;
  for (const auto& [name, part] : loss.parts) log_["loss/" + name] = part.item<double>();
  const std::vector<double> coefficients = in_.method.coefficients();
  for (size_t m = 0; m < coefficients.size(); ++m) log_["coef/" + in_.model->infos()[m].name] = coefficients[m];
  sums_.add(log_);
  if (in_.run == nullptr) return;
  nlohmann::json line = {{"kind", "step"}, {"epoch", epoch_}, {"step", step_}};
  line.update(log_);
  in_.run->append_metrics(line);
}

void Fit::finish_epoch(double train_seconds, double data_wait_seconds) {
  expect_finite_weights();
  EpochRecord record;
  record.epoch = epoch_;
  const double n = static_cast<double>(sums_.samples);
  record.train_loss = sums_.loss / n;
  record.train_accuracy = static_cast<double>(sums_.correct) / n;
  const auto evaluation_start = std::chrono::steady_clock::now();
  if (const auto& scored = in_.select_on ? in_.select_on : in_.data.val) {
    score_epoch(record, scored);
  }
  write_epoch_line(record);
  if (in_.run != nullptr) {
    in_.run->append_timing({{"epoch", epoch_},
                            {"train_seconds", train_seconds},
                            {"evaluation_seconds", seconds_since(evaluation_start)},
                            {"data_wait_seconds", data_wait_seconds},
                            {"samples_per_second", n / train_seconds},
                            {"peak_memory_bytes", peak_memory_bytes()}});
  }
  history_.push_back(record);
  in_.method.on_epoch_end(*this);
  ++epoch_;
  batch_in_epoch_ = 0;
  if (epoch_ % in_.options.checkpoint_every == 0 || finished()) checkpoint();
  progress_->note(epoch_note(record, data_wait_seconds / train_seconds, best_.metric()));
}

// The averaged weights, where there are some, are those that will be used.
void Fit::score_epoch(EpochRecord& record, const std::shared_ptr<const Dataset>& data) {
  record.val = score(data);
  if (average_) {
    const AveragedWeights averaged(average_.get());
    record.ema = score(data);
  }
  consider_best(record.ema ? *record.ema : *record.val);
}

// What the history keeps of an evaluation.
Evaluation Fit::score(const std::shared_ptr<const Dataset>& data) {
  const PredictionSink unused = [](const Tensor&, const Tensor&) {};
  Evaluation scores;
  try {
    scores = evaluate(*in_.model, in_.method, data, in_.options, "", {}, unused);
  } catch (const NotFinite& error) {
    const std::string found = fmt::format("a loss of {:g} on held-out samples", std::fabs(error.loss()));
    pdmp::fail_diverged(found, epoch_ + 1, step_, in_.options.optimizer.lr, in_.run);
  }
  if (in_.keep_correct) scores.correct = scores.predictions.eq(scores.labels);
  for (Tensor Evaluation::*dropped : {&Evaluation::labels, &Evaluation::predictions, &Evaluation::present}) {
    scores.*dropped = Tensor();
  }
  return scores;
}

bool Fit::selects_best() const {
  return in_.options.select == "best_val" || in_.options.select == "best_test" ||
         (in_.options.select == "auto" && in_.data.val);
}

std::vector<Tensor> Fit::trained_tensors() const {
  std::vector<Tensor> tensors = in_.model->parameters();
  append(tensors, in_.model->buffers());
  if (parts_) append(tensors, parts_->parameters());
  if (parts_) append(tensors, parts_->buffers());
  if (average_) append(tensors, average_->values());
  return tensors;
}

void Fit::consider_best(const Evaluation& scores) {
  const char* metric = best_.metric().name;
  if (std::isnan(scores.score(metric))) {
    throw Error(ErrorKind::usage,
                fmt::format("--select-metric {}: undefined on the {} held-out samples; expected a metric that these "
                            "samples have (pdmp list metrics)",
                            metric, scores.n));
  }
  if (!best_.consider(scores, epoch_) || !selects_best()) return;
  if (in_.run != nullptr) {
    in_.run->save_best(weights(), epoch_);
    return;
  }
  best_weights_.clear();
  for (const Tensor& tensor : trained_tensors()) best_weights_.push_back(tensor.detach().clone());
}

void Fit::write_epoch_line(const EpochRecord& record) {
  if (in_.run == nullptr) return;
  nlohmann::json line = {{"kind", "epoch"}, {"epoch", record.epoch}};
  line.update(sums_.means());
  line["train/loss"] = record.train_loss;
  line["train/accuracy"] = record.train_accuracy;
  line["lr"] = in_.options.optimizer.lr * schedule_factor(in_.options.optimizer, epoch_, in_.options.epochs);
  const std::string split = in_.select_on ? "test/" : "val/";
  if (record.val) add_scores(line, split, *record.val, *in_.model);
  if (record.ema) add_scores(line, "ema/" + split, *record.ema, *in_.model);
  in_.run->append_metrics(line);
}

void Fit::stop_for_interrupt() {
  checkpoint();
  progress_.reset();
  throw Error(ErrorKind::interrupted,
              in_.run != nullptr
                  ? fmt::format("stopped in epoch {} of {}, step {}; everything so far is saved in {}: go on with the "
                                "same command and --resume",
                                epoch_ + 1, in_.options.epochs, step_, in_.run->path().string())
                  : fmt::format("stopped in epoch {} of {}, step {}; nothing was saved", epoch_ + 1, in_.options.epochs,
                                step_));
}

// Puts the weights of the selected epoch back.
void Fit::load_best() {
  if (in_.run != nullptr) {
    in_.run->load_best(weights(), best_.epoch());
    return;
  }
  const torch::NoGradGuard no_gradients;
  const std::vector<Tensor> tensors = trained_tensors();
  for (size_t i = 0; i < tensors.size(); ++i) Tensor(tensors[i]).copy_(best_weights_[i]);
}

FitResult Fit::finish() {
  FitResult result;
  result.history = history_;
  result.beginning = beginning_;
  result.seconds = seconds_since(start_);
  progress_.reset();
  result.selected_epoch = epoch_ - 1;
  result.selected_by = "last";
  if (selects_best() && best_.epoch() >= 0) {
    result.selected_epoch = best_.epoch();
    result.selected_by = in_.select_on ? "best_test" : "best_val";
    load_best();
  }
  result.average = average_;
  if (average_) average_->exchange();
  return result;
}

std::vector<Tensor> Fit::all_parameters() const {
  std::vector<Tensor> parameters;
  for (const ParameterGroup& group : optimizer_->groups()) {
    parameters.insert(parameters.end(), group.parameters.begin(), group.parameters.end());
  }
  return parameters;
}

}  // namespace pdmp
