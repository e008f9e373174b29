#include "train/fit.h"

#include <ATen/CPUGeneratorImpl.h>
#include <cmath>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unordered_set>

#include "base/log.h"
#include "base/signal.h"
#include "pdmp/error.h"
#include "train/batch_device.h"
#include "train/history.h"
#include "train/modality_dropout.h"

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

LoaderOptions training_loader(const TrainOptions& options) {
  return {.batch_size = options.batch_size,
          .shuffle = true,
          .augment = true,
          .workers = options.workers,
          .seed = options.seed};
}

std::vector<Tensor> everything_of(const torch::nn::Module& module) {
  std::vector<Tensor> tensors = module.parameters();
  for (const Tensor& buffer : module.buffers()) tensors.push_back(buffer);
  return tensors;
}

}  // namespace

Fit::Fit(FitInputs inputs)
    : in_(std::move(inputs)),
      device_(resolve_device(in_.options.device)),
      precision_(resolve_precision(in_.options.precision, device_)),
      criterion_(in_.options.optimizer, *in_.data.train),
      loader_(in_.data.train, training_loader(in_.options)),
      random_(random_stream(in_.options.seed, "method")) {
  in_.options = resolve_clip_position(in_.options, in_.method);
  if (in_.options.select == "best_val" && !in_.data.val) {
    throw Error(ErrorKind::usage,
                "--select best_val: expected a validation split, this run has none; use --select last");
  }
}

FitResult Fit::run() {
  begin();
  while (!finished()) train_epoch();
  return finish();
}

void Fit::begin() {
  start_ = std::chrono::steady_clock::now();
  torch::manual_seed(stream_seed(in_.options.seed, "torch"));
  in_.model->to(device_);
  parts_ = in_.method.extend(*in_.model);
  if (parts_) parts_->to(device_);
  in_.method.prepare(*this, in_.options.optimizer);
  optimizer_ = make_optimizer(with_own_parts(in_.method.parameter_groups(*in_.model, in_.options.optimizer)));
  if (in_.run != nullptr) {
    if (const auto state = in_.run->load_checkpoint(weights())) resume(*state);
  }
  for (const std::string& note : in_.method.notes()) log_info(note);
  progress_ = std::make_unique<Progress>(in_.label, in_.options.epochs * loader_.batches(), "step");
  progress_->advance(step_);
}

void Fit::resume(const CheckpointState& state) {
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
  values.at("best_epoch").get_to(best_epoch_);
  values.at("best_accuracy").get_to(best_accuracy_);
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
                  {"best_epoch", best_epoch_},
                  {"best_accuracy", best_accuracy_}};
  return state;
}

void Fit::checkpoint() {
  if (in_.run != nullptr) in_.run->save_checkpoint(weights(), state());
}

bool Fit::finished() const {
  if (epoch_ >= in_.options.epochs) return true;
  const bool between_epochs = batch_in_epoch_ == 0;
  return between_epochs && in_.options.patience > 0 && best_epoch_ >= 0 &&
         epoch_ - 1 - best_epoch_ >= in_.options.patience;
}

void Fit::train_epoch() {
  const auto epoch_start = std::chrono::steady_clock::now();
  if (batch_in_epoch_ == 0) {
    sums_ = {};
    in_.method.on_epoch_begin(*this);
  }
  in_.model->train();
  loader_.start_epoch(epoch_, batch_in_epoch_);
  while (std::optional<Batch> batch = loader_.next()) {
    train_step(to_device(with_modality_dropout(std::move(*batch)), device_));
    if (interrupted()) stop_for_interrupt();
  }
  finish_epoch(seconds_since(epoch_start));
}

void Fit::train_step(Batch batch) {
  batch_ = std::move(batch);
  log_.clear();
  logging_ = step_ % in_.options.log_every == 0;
  optimizer_->zero_grad();
  const Loss loss = in_.method.step(*this);
  account(loss);
  ++step_;
  ++batch_in_epoch_;
  progress_->advance();
}

Outputs Fit::forward() {
  const PrecisionScope scope(precision_, device_);
  Outputs outputs = in_.method.forward(*in_.model, batch_, Mode::train);
  outputs.fused = outputs.fused.to(torch::kFloat32);
  fused_ = outputs.fused.detach();
  return outputs;
}

void Fit::backward(const Tensor& loss) { loss.backward(); }

void Fit::update(const Outputs& outputs) {
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
  const Tensor loss = in_.model->probe_loss(outputs.features, batch_.present, batch_.labels);
  if (loss.defined()) loss.backward();
}

void Fit::scale_gradients(int64_t m, double c, Scope scope) {
  if (!std::isfinite(c)) {
    ++nonfinite_coefficients_;
    log_["modulation.nonfinite"] = static_cast<double>(nonfinite_coefficients_);
    return;
  }
  for (const Tensor& parameter : in_.model->modality_parameters(m, scope)) {
    if (parameter.grad().defined()) parameter.mutable_grad().mul_(c);
  }
}

void Fit::account(const Loss& loss) {
  const double value = loss.total.item<double>();
  if (!std::isfinite(value)) {
    throw Error(ErrorKind::data,
                fmt::format("expected a finite loss, found {} in epoch {}, step {}; the training diverged: lower --lr",
                            value, epoch_ + 1, step_ + 1));
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

void Fit::finish_epoch(double train_seconds) {
  EpochRecord record;
  record.epoch = epoch_;
  const double n = static_cast<double>(sums_.samples);
  record.train_loss = sums_.loss / n;
  record.train_accuracy = static_cast<double>(sums_.correct) / n;
  const auto evaluation_start = std::chrono::steady_clock::now();
  if (in_.data.val) {
    record.val = evaluate(*in_.model, in_.method, in_.data.val, in_.options);
    consider_best(*record.val);
    for (Tensor Evaluation::*kept : {&Evaluation::confusion, &Evaluation::labels, &Evaluation::predictions,
                                     &Evaluation::probabilities, &Evaluation::present}) {
      (*record.val).*kept = Tensor();
    }
  }
  write_epoch_lines(record, train_seconds, seconds_since(evaluation_start));
  history_.push_back(record);
  in_.method.on_epoch_end(*this);
  ++epoch_;
  batch_in_epoch_ = 0;
  if (epoch_ % in_.options.checkpoint_every == 0 || finished()) checkpoint();
  progress_->note(record.val ? fmt::format("epoch {}: loss {:.3f}, validation {:.3f}", epoch_, record.train_loss,
                                           record.val->accuracy)
                             : fmt::format("epoch {}: loss {:.3f}", epoch_, record.train_loss));
}

bool Fit::selects_best() const {
  return in_.options.select == "best_val" || (in_.options.select == "auto" && in_.data.val);
}

void Fit::consider_best(const Evaluation& val) {
  if (val.accuracy <= best_accuracy_) return;
  best_accuracy_ = val.accuracy;
  best_epoch_ = epoch_;
  if (!selects_best()) return;
  if (in_.run != nullptr) {
    in_.run->save_best(weights(), epoch_);
    return;
  }
  best_weights_.clear();
  for (const Tensor& tensor : everything_of(*in_.model)) best_weights_.push_back(tensor.detach().clone());
  if (!parts_) return;
  for (const Tensor& tensor : everything_of(*parts_)) best_weights_.push_back(tensor.detach().clone());
}

void Fit::write_epoch_lines(const EpochRecord& record, double train_seconds, double evaluation_seconds) {
  if (in_.run == nullptr) return;
  nlohmann::json line = {{"kind", "epoch"}, {"epoch", record.epoch}};
  line.update(sums_.means());
  line["train/loss"] = record.train_loss;
  line["train/accuracy"] = record.train_accuracy;
  line["lr"] = in_.options.optimizer.lr * schedule_factor(in_.options.optimizer, epoch_, in_.options.epochs);
  if (record.val) {
    line["val/loss"] = record.val->loss;
    line["val/accuracy"] = record.val->accuracy;
    line["val/macro_f1"] = record.val->macro_f1;
    const std::vector<double> shares = record.val->shares();
    for (size_t m = 0; m < shares.size(); ++m) {
      const std::string& name = in_.model->infos()[m].name;
      line["val/acc/" + name] = record.val->unimodal_accuracy[m];
      line["val/dep/W_" + name] = record.val->dependency[m];
      line["val/dep/share_" + name] = shares[m];
    }
    if (shares.size() == 2) line["val/dep/w"] = record.val->dependency[0] / (record.val->dependency[1] + 1e-8);
  }
  in_.run->append_metrics(line);
  const double waited = loader_.wait_seconds() - waited_;
  waited_ = loader_.wait_seconds();
  in_.run->append_timing({{"epoch", record.epoch},
                          {"train_seconds", train_seconds},
                          {"evaluation_seconds", evaluation_seconds},
                          {"data_wait_seconds", waited},
                          {"samples_per_second", static_cast<double>(sums_.samples) / train_seconds},
                          {"peak_memory_bytes", peak_memory_bytes()}});
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

FitResult Fit::finish() {
  FitResult result;
  result.history = history_;
  result.seconds = seconds_since(start_);
  progress_.reset();
  result.selected_epoch = epoch_ - 1;
  result.selected_by = "last";
  if (!selects_best() || best_epoch_ < 0) return result;
  result.selected_epoch = best_epoch_;
  result.selected_by = "best_val";
  if (in_.run != nullptr) {
    in_.run->load_best(weights());
    return result;
  }
  std::vector<Tensor> tensors = everything_of(*in_.model);
  if (parts_) {
    for (const Tensor& tensor : everything_of(*parts_)) tensors.push_back(tensor);
  }
  const torch::NoGradGuard no_gradients;
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_(best_weights_[i]);
  return result;
}

const ModalityRanking& Fit::ranking() const {
  if (!in_.ranking) {
    throw Error(ErrorKind::usage,
                "this method needs to know which modality leads: pass --analysis FILE, or a ranking to the Trainer");
  }
  return *in_.ranking;
}

std::shared_ptr<Model> Fit::make_model() {
  if (!in_.make_model) throw Error(ErrorKind::usage, "this method makes models of its own: set Trainer::make_model");
  std::shared_ptr<Model> model = in_.make_model();
  model->to(device_);
  return model;
}

std::unique_ptr<Optimizer> Fit::make_optimizer(std::vector<ParameterGroup> groups) {
  return pdmp::make_optimizer(in_.options.optimizer, std::move(groups));
}

std::vector<ParameterGroup> Fit::with_own_parts(std::vector<ParameterGroup> groups) const {
  if (!parts_) return groups;
  std::unordered_set<const void*> known;
  for (const ParameterGroup& group : groups) {
    for (const Tensor& parameter : group.parameters) known.insert(parameter.unsafeGetTensorImpl());
  }
  ParameterGroup own{.name = "method", .modality = std::nullopt, .parameters = {}};
  for (const Tensor& parameter : parts_->parameters()) {
    if (!known.contains(parameter.unsafeGetTensorImpl())) own.parameters.push_back(parameter);
  }
  if (!own.parameters.empty()) groups.push_back(std::move(own));
  return groups;
}

std::vector<Tensor> Fit::all_parameters() const {
  std::vector<Tensor> parameters;
  for (const ParameterGroup& group : optimizer_->groups()) {
    parameters.insert(parameters.end(), group.parameters.begin(), group.parameters.end());
  }
  return parameters;
}

}  // namespace pdmp
