// The commands of the program. Each takes its arguments without "pdmp NAME", prints results to `out` and everything
// else to stderr, and returns the exit status. Errors are thrown as pdmp::Error.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace pdmp::cli {

struct Command {
  const char* name;
  const char* summary;  // one line, for `pdmp --help`
  int (*run)(const std::vector<std::string>& args, std::ostream& out);
  bool computes = false;  // with LibTorch's threads, long enough for their waits to matter (cli/openmp_wait.h)
};

int prepare_command(const std::vector<std::string>& args, std::ostream& out);
int data_command(const std::vector<std::string>& args, std::ostream& out);
int data_info_command(const std::vector<std::string>& args, std::ostream& out);   // `pdmp data info`
int data_check_command(const std::vector<std::string>& args, std::ostream& out);  // `pdmp data check`
int data_show_command(const std::vector<std::string>& args, std::ostream& out);   // `pdmp data show`
int cache_command(const std::vector<std::string>& args, std::ostream& out);
int cache_fill_command(const std::vector<std::string>& args, std::ostream& out);  // `pdmp cache fill`
int analyze_command(const std::vector<std::string>& args, std::ostream& out);
int train_command(const std::vector<std::string>& args, std::ostream& out);
int evaluate_command(const std::vector<std::string>& args, std::ostream& out);
int predict_command(const std::vector<std::string>& args, std::ostream& out);
int compare_command(const std::vector<std::string>& args, std::ostream& out);
int demo_command(const std::vector<std::string>& args, std::ostream& out);
int list_command(const std::vector<std::string>& args, std::ostream& out);
int info_command(const std::vector<std::string>& args, std::ostream& out);
int info_model_command(const std::vector<std::string>& args, std::ostream& out);  // `pdmp info model`

}  // namespace pdmp::cli
