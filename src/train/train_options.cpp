#include "pdmp/trainer.h"

namespace pdmp {

void TrainOptions::describe(OptionList& list) {
  list.add("epochs", &epochs, "Passes over the training data.").at_least(1);
  list.add("batch-size", &batch_size, "Samples in one optimizer step.").at_least(1);
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
  list.add("modality-dropout", &modality_dropout,
           "Probability that a training sample goes without a modality it has; one is always left.")
      .at_least(0)
      .below(1);
  list.add("patience", &patience, "Stop after that many epochs without a better validation accuracy; 0: never.")
      .at_least(0);
  list.add("checkpoint-every", &checkpoint_every, "Epochs between checkpoints.").at_least(1);
  list.add("log-every", &log_every, "Optimizer steps between step lines in metrics.jsonl.").at_least(1);
  list.add("keep", &keep, "What a finished run leaves in checkpoints/; without all it can't be extended.")
      .one_of({"all", "weights", "best", "none"});
  optimizer.describe(list);
}

}  // namespace pdmp
