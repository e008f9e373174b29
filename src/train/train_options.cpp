#include "base/table.h"
#include "metrics/metric.h"
#include "pdmp/trainer.h"

namespace pdmp {

void TrainOptions::describe(OptionList& list) {
  list.add("epochs", &epochs, "Passes over the training data.").at_least(1);
  list.add("batch-size", &batch_size, "Samples that go through the encoders at a time.").at_least(1);
  list.add("accumulate", &accumulate,
           "Batches in one optimizer step: as one batch that many times as large, in the memory that the encoders take "
           "for one.")
      .at_least(1);
  list.add("seed", &seed, "Seed of every random stream of the run.").at_least(0);
  list.add("workers", &workers, "Threads that decode samples; 0: the training thread does.").at_least(0).at_most(256);
  list.add("threads", &threads, "Threads LibTorch computes with; 0: one per core.").at_least(0).at_most(1024);
  list.add("device", &device, "Where to compute.").one_of({"cpu", "cuda"});
  list.add("precision", &precision,
           "Arithmetic of forward and backward; auto: bf16 where the CPU has it and a trial finds it faster.")
      .one_of({"auto", "fp32", "bf16"});
  list.add("select", &select,
           "Epoch whose weights are kept; auto: best_val where there is a validation split; best_test: chosen on the "
           "test "
           "split, which makes the result too good.")
      .one_of({"auto", "last", "best_val", "best_test"});
  list.add("select-metric", &select_metric,
           "What epochs, modalities, trials of a search and methods are compared by on held-out samples.")
      .one_of(row_names(metric_table()));
  list.add("sampler", &sampler,
           "Samples of an epoch: each once (uniform), or drawn with replacement, every class as often (balanced).")
      .one_of({"uniform", "balanced"});
  list.add("ema", &ema,
           "Decay of a moving average of the weights (0.999), which is then what is selected, scored and predicted "
           "with; 0: none.")
      .at_least(0)
      .below(1);
  list.add("modality-dropout", &modality_dropout,
           "Probability that a training sample goes without a modality it has; one is always left.")
      .at_least(0)
      .below(1)
      .advanced();
  list.add("patience", &patience,
           "Stop after that many epochs without a better --select-metric on validation; 0: never.")
      .at_least(0);
  list.add("checkpoint-every", &checkpoint_every, "Epochs between checkpoints.").at_least(1).advanced();
  list.add("log-every", &log_every, "Optimizer steps between step lines in metrics.jsonl.").at_least(1).advanced();
  list.add("keep", &keep, "What a finished run leaves in checkpoints/; without all it can't be extended.")
      .one_of({"all", "weights", "best", "none"})
      .advanced();
  optimizer.describe(list);
}

}  // namespace pdmp
