// UMT, the unimodal teacher (On Uni-Modal Feature Learning in Supervised Multi-Modal Learning, ICML 2023): the encoder
// of each modality is first trained alone, to the end, and then frozen as a teacher. In joint training the squared
// distance of each encoder's features to those of its teacher is added to the loss.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// Initial weights of the encoders.
enum class UmtInit {
  scratch,  // as in joint training
  teacher,  // those of their teachers
};
template <>
inline constexpr auto kChoiceNames<UmtInit> = choice_names("scratch", "teacher");

// Options of umt. Flags --umt.<name>.
struct UmtOptions {
  static constexpr const char* kMethod = "umt";

  double weight = 10;               // of the distance to the teachers' features, at least 0; 0 from scratch is joint
  UmtInit init = UmtInit::scratch;  // initial weights of the encoders

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
