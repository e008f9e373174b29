#include "cli/print/method_page.h"

#include <fmt/format.h>

#include "cli/print/options_table.h"
#include "pdmp/method.h"

namespace pdmp::cli {
namespace {

constexpr const char* kHead = R"(# Methods

<!-- Written from the table of the program as far as "measured below":
     pdmp list methods --markdown, put in the place of the lines up to there -->

A method is a training strategy; `joint` is plain training, and most others become it where their options are neutral or
there is only one modality, and say so. Options are flags, `--pdmp.gamma 10`; in `pdmp compare` they follow the name,
`pdmp:gamma=10`. How to add one: [adding-a-method.md](adding-a-method.md).

```
pdmp train --data mydata --run runs/first --method gmml --gmml.alpha 1.2
```

## Symbols

| | |
|---|---|
| `M`, `B`, `C` | number of modalities, samples of the batch, classes |
| `m`, `n`, `j` | modalities; `sum_m` is over all of them |
| `x_m`, `y` | input of modality m, true class |
| `theta_m`, `z_m` | encoder m's parameters; its pooled feature |
| `W_m` | what a linear head multiplies `z_m` by |
| `f` | fused logits |
| `s_m` | unimodal logits: what the fused head says from m alone (`--unimodal`) |
| `u_m` | logits of a linear head beside the fusion, on `z_m` |
| `CE(a)` | mean over the batch of the loss of the run (`--loss`: -log softmax(a)_y unless it is another), with the class weights and label smoothing of the run; for `s_m` and `u_m` over the samples that have m |
| `L` | the loss whose gradient is taken |
| `c_m` | coefficient: factor on what encoder m learns in a step |
| `<-` | becomes |

Whatever coefficients, scores and weights are computed from is taken as a constant: no gradient goes through them.

## What all of them have in common

* **Epochs.** An epoch is one pass over train, and `--epochs` counts the same for all: every method sees each sample
  equally often. `mla` shows each batch to every modality, one after the other, once each; with `reconboost` an epoch is
  one pass in one of its phases, so that it gets no more passes than the others.
* **Data.** No method sees test data. One that must judge itself while it trains uses the validation split; where the
  run has none, a tenth of train, the same share of every class, which it then does not train on.
* **Scales.** Coefficients multiply gradients. Adaptive optimizers cancel a constant factor on gradients, so that under
  `adamw` they multiply the learning rate of the step instead, and divide its weight decay, which keeps the decay as it
  is. `--modulation grad` or `lr` asks for one of the two whatever the optimizer; pdmp has `mechanism` for it.
* **Teachers.** Methods that learn from modalities trained alone take those of `--alone audio=RUN,visual=RUN`; one that
  is not named is trained first, by the settings of the run, and kept in `RUN/alone/<modality>`.
* **Any number of modalities, absent ones.** Where a formula is for two, the option that says what becomes of it with
  more has a default. A modality that nobody in the batch has is left out of every comparison, and its encoder learns
  nothing in that step.
* **Cost.** F is a forward pass through all encoders, B a backward pass, B = 2 F and F + B = 1, a step of `joint`. The
  factor given for each method follows from that with two equal encoders and nothing else counted; what was measured
  stands at the end.
* **Search.** "Search" is where a random search looks for a value: evenly, on a log scale where the upper end is ten
  times the lower one or more.

)";

std::string method_section(const MethodInfo& row) {
  const auto options = row.make_options();
  std::string text = fmt::format("## {}\n\n{}\n\n{}\n\n```\n{}\n```\n\n* source: {}\n", row.name, row.summary,
                                 row.description, row.formula, row.source);
  text += fmt::format("* cost: a step takes {:.3g} times `joint`'s. {}\n", row.step_factor, row.cost);
  if (*row.release != '\0') text += fmt::format("* release: {}\n", row.release);
  return text + "\n" + options_table_of(*options) + "\n";
}

}  // namespace

std::string method_page() {
  std::string text = kHead;
  for (const MethodInfo& row : method_table()) text += method_section(row);
  return text + kMeasuredBelow + "\n";
}

}  // namespace pdmp::cli
