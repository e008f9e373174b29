// One small trained run for every test of this program that only reads it.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/command.h"
#include "cli/toy_data.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {

// What a command prints on its stream; EXPECTs nothing, errors are thrown.
inline std::string call(int (*command)(const std::vector<std::string>&, std::ostream&), std::vector<std::string> args) {
  args.emplace_back("--quiet");
  std::ostringstream out;
  command(args, out);
  return out.str();
}

// Flags that make any training a matter of a moment.
inline std::vector<std::string> fast(std::vector<std::string> args) {
  for (const char* flag : {"--epochs", "3", "--batch-size", "12", "--threads", "1", "--workers", "0", "--lr", "0.05"}) {
    args.emplace_back(flag);
  }
  return args;
}

struct TrainedRun {
  TemporaryDirectory directory;
  std::string data = (directory / "data").string(), run = (directory / "run").string();

  TrainedRun() {
    write_toy_data(data, 12, {"numbers", "caption", "picture"});
    call(cli::train_command, fast({"--data", data, "--run", run, "--encoders", "picture=resnet18:width=4"}));
  }
};

inline const TrainedRun& trained_run() {
  static const TrainedRun run;
  return run;
}

}  // namespace pdmp::testing
