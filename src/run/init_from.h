// --init-from: a training that starts from the weights of another run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/weights/class_rows.h"
#include "run/predict/load_run.h"

namespace pdmp::runs {

// Weights are matched by what they belong to, not by where they stand: encoders and blocks of the head by modality,
// rows of the head and of the method's own parts by class. What the run does not have keeps its initial values: other
// modalities, an encoder or fusion of another kind, classes it did not know, and own parts of another method or of
// other modalities.
class StartingWeights {
 public:
  // `path`: a run directory (the selected epoch), or a weights file in its checkpoints/. Digests are checked.
  // Error{usage} where it is neither, Error{data} where the run is not finished or damaged.
  explicit StartingWeights(const std::string& path);

  // Fills a model of a run with these options, which has just been made; `classes` in the order of its logits. Returns
  // lines for people: what was taken, which classes were kept, added and dropped, what starts afresh. Error{data} with
  // tensor and shapes where an encoder or fusion of the same kind has another size.
  std::vector<std::string> start(Model& model, const RunOptions& options,
                                 const std::vector<std::string>& classes) const;
  // The same for the method's own parts; one line.
  std::string start_parts(torch::nn::Module& parts, const Model& model, const RunOptions& options,
                          const std::vector<std::string>& classes) const;

 private:
  std::string path_;
  LoadedRun run_;
};

}  // namespace pdmp::runs
