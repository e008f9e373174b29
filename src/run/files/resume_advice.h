// Whose flags an error speaks of that refuses to go on with a run.
#pragma once

#include <string>

namespace pdmp::runs {

struct ResumeAdvice {
  std::string flag = "--resume";
  std::string other = "another --run or --overwrite";
};

}  // namespace pdmp::runs
