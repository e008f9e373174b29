#include "train/training_loop.h"

#include <cmath>
#include <fmt/format.h>
#include <torch/cuda.h>

#include "base/log.h"
#include "base/peak_memory.h"
#include "base/signal.h"
#include "base/text/json_fields.h"
#include "pdmp/error.h"
#include "train/next_batch.h"
#include "train/step/beginning.h"
#include "train/step/finite.h"
#include "train/step/history.h"

namespace pdmp::training {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TrainingInputs checked(TrainingInputs inputs) {
  inputs.options = resolve_clip_position(inputs.options, inputs.method);
  if (inputs.options.select == "best_val" && !inputs.data.val) {
    throw Error(ErrorKind::usage,
                "`select` best_val: expected a validation split, this run has none; use `select` last");
  }
  if (inputs.options.select == "best_test" && !inputs.select_on) {
    throw Error(ErrorKind::usage, "`select` best_test: expected a test split, this run has none; use `select` last");
  }
  return inputs;
}

std::unique_ptr<PhaseTimes> make_phases(const TrainOptions& options, const torch::Device& device) {
  if (!options.profile) return nullptr;
  return std::make_unique<PhaseTimes>(device.is_cuda() ? [] { torch::cuda::synchronize(); } : std::function<void()>());
}

// Of the calling thread, for the life of the object. Null: nothing is timed.
class Timed {
 public:
  explicit Timed(PhaseTimes* phases) : phases_(phases) {
    if (phases_ != nullptr) phases_->start();
  }
  ~Timed() {
    if (phases_ != nullptr) phases_->stop();
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  PhaseTimes* phases_;
};

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

TrainingLoop::TrainingLoop(TrainingInputs inputs)
    : in_(checked(std::move(inputs))),
      held_out_(hold_out(in_)),
      criterion_(in_.options.optimizer, *in_.data.train),
      state_(in_.options.seed, find_metric(in_.options.select_metric)),
      parts_{.model = in_.model, .method = in_.method},
      runner_(in_.options, parts_, criterion_, state_, in_.run),
      services_(in_, held_out_, criterion_, state_, runner_),
      best_(state_.best, parts_, in_.run),
      recorders_(in_.recorders),
      phases_(make_phases(in_.options, runner_.device())) {
  if (in_.run == nullptr) return;
  recorders_.push_back(&run_recorder_.emplace(*in_.run));
}

FitResult TrainingLoop::run() {
  Loader loader(in_.data.train, training_loader(in_.options));
  begin();
  while (!finished()) train_epoch(loader);
  return finish();
}

void TrainingLoop::check() { prepare_method(); }

void TrainingLoop::prepare_method() {
  torch::manual_seed(stream_seed(in_.options.seed, "torch"));
  prepare(parts_, services_, in_, runner_.device());
}

void TrainingLoop::begin() {
  start_ = std::chrono::steady_clock::now();
  // A run that goes on has its beginning in the checkpoint.
  if (in_.run != nullptr && !in_.run->has_checkpoint()) state_.beginning.encoders = encoder_hashes(*in_.model);
  prepare_method();
  if (in_.run != nullptr) {
    if (const auto saved = in_.run->load_checkpoint(parts_.weights())) resume(*saved);
  }
  for (const std::string& note : in_.method.notes()) log_info(note);
  if (held_out_.data) log_info(fmt::format("held out: {} ({} samples)", held_out_.name, held_out_.data->size()));
  const int64_t batches = (in_.data.train->size() + in_.options.step_samples() - 1) / in_.options.step_samples();
  progress_ = std::make_unique<Progress>(in_.label, in_.options.epochs * batches, "step");
  progress_->advance(state_.step);
}

void TrainingLoop::resume(const CheckpointState& saved) {
  try {
    state_.load(saved, parts_);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("{}/checkpoints: expected the state of a training of this pdmp, found "
                                             "another ({}); start again with `overwrite`",
                                             in_.run->path().string(), json_problem(error)));
  }
  if (selects_best()) best_.recover(saved);
}

void TrainingLoop::checkpoint() {
  runner_.expect_finite_weights();  // the one there is stays
  if (in_.run == nullptr) return;
  const Phase phase("checkpoint", Phase::Nested::included);
  in_.run->save_checkpoint(parts_.weights(), state_.save(parts_));
}

bool TrainingLoop::finished() const {
  if (state_.epoch >= in_.options.epochs) return true;
  const bool between_epochs = state_.batch == 0;
  return between_epochs && state_.best.is_out_of_patience(state_.epoch, in_.options.patience);
}

void TrainingLoop::train_epoch(Loader& loader) {
  const Timed timed(phases_.get());
  const auto epoch_start = std::chrono::steady_clock::now();
  const double waited = loader.wait_seconds();
  begin_epoch();
  if (!in_.batches) loader.start_epoch(state_.epoch, state_.batch);
  while (std::optional<Batch> batch = next_batch(loader)) {
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

std::optional<Batch> TrainingLoop::next_batch(Loader& loader) {
  const Phase phase("data wait");
  if (in_.batches) return in_.batches(state_.epoch, state_.batch);
  return training::next_batch(loader, [this] { stop_for_interrupt(); });
}

void TrainingLoop::begin_epoch() {
  if (state_.batch == 0) {
    const Phase phase("method between steps", Phase::Nested::included);
    state_.sums = {};
    in_.method.on_epoch_begin(services_);
  }
  in_.model->train();
}

void TrainingLoop::train_step(Batch batch) {
  if (in_.run != nullptr && state_.epoch == 0) {
    state_.beginning.batches = hash_of_batches(state_.beginning.batches, batch.index);
  }
  account(runner_.take(std::move(batch), state_.step % in_.options.log_every == 0));
  ++state_.step;
  ++state_.batch;
  progress_->advance();
}

void TrainingLoop::account(const StepResult& result) {
  const int64_t samples = runner_.batch().size();
  state_.sums.loss += result.total * static_cast<double>(samples);
  state_.sums.samples += samples;
  state_.sums.correct += result.correct;
  if (!runner_.logging()) return;
  state_.sums.add(runner_.log());
  nlohmann::json line = {{"kind", "step"}, {"epoch", state_.epoch}, {"step", state_.step}};
  line.update(runner_.log());
  for (Recorder* recorder : recorders_) recorder->on_step(line);
}

void TrainingLoop::finish_epoch(double train_seconds, double data_wait_seconds) {
  runner_.expect_finite_weights();
  EpochRecord record;
  record.epoch = state_.epoch;
  const double n = static_cast<double>(state_.sums.samples);
  record.train_loss = state_.sums.loss / n;
  record.train_accuracy = static_cast<double>(state_.sums.correct) / n;
  const auto evaluation_start = std::chrono::steady_clock::now();
  if (const auto& scored = in_.select_on ? in_.select_on : in_.data.val) {
    score_epoch(record, scored);
  }
  record_epoch(record);
  record_timing(train_seconds, seconds_since(evaluation_start), data_wait_seconds);
  state_.history.push_back(record);
  {
    const Phase phase("method between steps", Phase::Nested::included);
    in_.method.on_epoch_end(services_);
  }
  ++state_.epoch;
  state_.batch = 0;
  if (state_.epoch % in_.options.checkpoint_every == 0 || finished()) checkpoint();
  progress_->note(epoch_note(record, data_wait_seconds / train_seconds, state_.best.metric()));
}

// The averaged weights, where there are some, are those that will be used.
void TrainingLoop::score_epoch(EpochRecord& record, const std::shared_ptr<const Dataset>& data) {
  const Phase phase("evaluation", Phase::Nested::included);
  record.val = score(data);
  if (parts_.average) {
    const models::AveragedWeights averaged(parts_.average.get());
    record.ema = score(data);
  }
  best_.consider(record.ema ? *record.ema : *record.val, state_.epoch, selects_best());
}

// What the history keeps of an evaluation.
Evaluation TrainingLoop::score(const std::shared_ptr<const Dataset>& data) {
  const PredictionSink unused = [](const Tensor&, const Tensor&) {};
  Evaluation scores;
  try {
    scores = evaluate(*in_.model, in_.method, data, in_.options, "", {}, unused);
  } catch (const NotFinite& error) {
    runner_.fail_diverged(fmt::format("a loss of {:g} on held-out samples", std::fabs(error.loss())), state_.step);
  }
  if (in_.keep_correct) scores.correct = scores.predictions.eq(scores.labels);
  for (Tensor Evaluation::*dropped : {&Evaluation::labels, &Evaluation::predictions, &Evaluation::present}) {
    scores.*dropped = Tensor();
  }
  return scores;
}

bool TrainingLoop::selects_best() const {
  return in_.options.select == "best_val" || in_.options.select == "best_test" ||
         (in_.options.select == "auto" && in_.data.val);
}

void TrainingLoop::record_epoch(const EpochRecord& record) {
  if (recorders_.empty()) return;
  nlohmann::json line = {{"kind", "epoch"}, {"epoch", record.epoch}};
  line.update(state_.sums.means());
  line["train/loss"] = record.train_loss;
  line["train/accuracy"] = record.train_accuracy;
  line["lr"] = in_.options.optimizer.lr * schedule_factor(in_.options.optimizer, state_.epoch, in_.options.epochs);
  const std::string split = in_.select_on ? "test/" : "val/";
  if (record.val) add_scores(line, split, *record.val, *in_.model);
  if (record.ema) add_scores(line, "ema/" + split, *record.ema, *in_.model);
  for (Recorder* recorder : recorders_) recorder->on_epoch(line);
}

void TrainingLoop::record_timing(double train_seconds, double evaluation_seconds, double data_wait_seconds) {
  if (recorders_.empty()) return;
  nlohmann::json line = {{"epoch", state_.epoch},
                         {"train_seconds", train_seconds},
                         {"evaluation_seconds", evaluation_seconds},
                         {"data_wait_seconds", data_wait_seconds},
                         {"samples_per_second", static_cast<double>(state_.sums.samples) / train_seconds},
                         {"peak_memory_bytes", peak_memory_bytes()}};
  if (phases_) line["phases"] = phases_->take();  // with the last epoch's checkpoint
  for (Recorder* recorder : recorders_) recorder->on_timing(line);
}

std::string TrainingLoop::place() const {
  return fmt::format("epoch {} of {}, step {}", state_.epoch + 1, in_.options.epochs, state_.step);
}

void TrainingLoop::stop_for_interrupt() {
  checkpoint();
  progress_.reset();
  throw Error(ErrorKind::interrupted, in_.run != nullptr
                                          ? fmt::format("stopped in {}; everything so far is saved in {}: go on with "
                                                        "the same command and `resume`",
                                                        place(), in_.run->path().string())
                                          : fmt::format("stopped in {}; nothing was saved", place()));
}

FitResult TrainingLoop::finish() {
  FitResult result;
  result.history = state_.history;
  result.beginning = state_.beginning;
  result.seconds = seconds_since(start_);
  progress_.reset();
  result.selected_epoch = state_.epoch - 1;
  result.selected_by = "last";
  if (selects_best() && best_.any()) {
    result.selected_epoch = best_.epoch();
    result.selected_by = in_.select_on ? "best_test" : "best_val";
    best_.restore();
  }
  result.average = parts_.average;
  if (parts_.average) parts_.average->exchange();
  return result;
}

}  // namespace pdmp::training
