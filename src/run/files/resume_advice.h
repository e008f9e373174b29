// Which options an error speaks of that refuses to go on with a run, as pdmp/error.h has them in messages.
#pragma once

#include <string>

namespace pdmp::runs {

struct ResumeAdvice {
  std::string option = "`resume`";
  std::string other = "another `run` or `overwrite`";
};

}  // namespace pdmp::runs
