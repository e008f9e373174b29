// Whose flags an error speaks of that refuses to go on with a run.
#pragma once

#include <string>

namespace pdmp {

struct ResumeAdvice {
  std::string flag = "--resume";
  std::string other = "another --run or --overwrite";
};

}  // namespace pdmp
