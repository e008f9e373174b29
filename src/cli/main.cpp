// The program: finds the command and turns every error into one line and an exit status.
#include <c10/util/Exception.h>
#include <csignal>
#include <iostream>
#include <new>

#include "base/console.h"
#include "base/log.h"
#include "base/signal.h"
#include "base/table.h"
#include "base/text/option_names.h"
#include "base/text/printable.h"
#include "base/text/text_table.h"
#include "cli/command.h"
#include "cli/openmp_wait.h"
#include "cli/plugins.h"
#include "data/files/damaged_files.h"
#include "pdmp/error.h"
#include "pdmp/memory.h"
#include "pdmp/version.h"

namespace pdmp::cli {
namespace {

const std::vector<Command>& command_table() {
  static const std::vector<Command> table = {
      {"prepare", "turn a public data set as downloaded into the one format", prepare_command},
      {"data", "what a data set holds, whether it decodes, what a model sees of it", data_command},
      {"cache", "decoded samples on disk: fill, info, verify, clear", cache_command},
      {"analyze", "train every modality alone and rank them", analyze_command, true},
      {"train", "train one model and score the test split once", train_command, true},
      {"evaluate", "score a trained run on a split", evaluate_command, true},
      {"predict", "class and probability of new samples", predict_command, true},
      {"compare", "train many methods over seeds and compare them on the test split", compare_command, true},
      {"demo", "all of it on Tux Paint's stamps or your data, as one table", demo_command, true},
      {"list", "methods, fusions, encoders, importers, profiles, metrics", list_command},
      {"info", "version, LibTorch, CPU, threads, precision", info_command},
  };
  return table;
}

std::string help_text() {
  std::vector<std::vector<std::string>> rows;
  for (const Command& command : command_table()) rows.push_back({std::string("  ") + command.name, command.summary});
  constexpr int64_t kColumns = 80;
  return "pdmp: train multimodal classifiers in which the right modality leads.\n\n"
         "Usage: pdmp COMMAND [--flags]      pdmp help COMMAND      pdmp --version\n\n" +
         text_table(rows, false) + "\n" +
         wrapped(
             "Exit status: 0 done, 1 failed, 2 usage, 3 some trainings of a comparison failed; 130 stopped by Ctrl-C, "
             "75 by SIGTERM, SIGHUP, SIGUSR1 or SIGUSR2, with what is done saved, or another process works in the "
             "folder.",
             kColumns) +
         "\n\nExample:\n  pdmp train --data mydata --run runs/first --method pdmp --epochs 30\n";
}

bool computes(const std::string& name) {
  const Command* command = find_row(command_table(), name);
  return command != nullptr && command->computes;
}

const Command& find_command(const std::string& name) { return get_row(command_table(), name, "unknown command"); }

// `pdmp help COMMAND ...` is `pdmp COMMAND ... --help`.
std::vector<std::string> without_help_word(std::vector<std::string> args) {
  if (args.size() < 2 || args[0] != "help" || args[1].starts_with("-")) return args;
  args.erase(args.begin());
  args.emplace_back("--help");
  return args;
}

int run_program(const std::vector<std::string>& given, std::ostream& out) {
  std::vector<std::string> args = without_help_word(given);
  load_plugins(args);
  if (args.empty()) throw Error(ErrorKind::usage, "expected a command, found none; see pdmp --help");
  int status = 0;
  if (args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    out << help_text();
  } else if (args[0] == "--version") {
    out << "pdmp " << version() << "\n";
  } else {
    status = find_command(args[0]).run({args.begin() + 1, args.end()}, out);
    if (const std::string damaged = data::damaged_files().text(); !damaged.empty()) log_warning(damaged);
  }
  if (!out.flush()) throw Error(ErrorKind::io, "cannot write the result to standard output");
  return status;
}

// Libraries add a trace below their first line.
std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

// Results pass through here whatever command printed them; see base/text/printable.h.
std::ostream& printable_output() {
  static PrintableBuffer buffer(*std::cout.rdbuf());
  static std::ostream stream(&buffer);
  return stream;
}

int fail(const std::string& message, int status) {
  log_error(message);
  return status;
}

}  // namespace
}  // namespace pdmp::cli

int main(int count, char** arguments) {
  if (count > 1 && pdmp::cli::computes(arguments[1])) pdmp::cli::bound_openmp_wait(arguments);
  pdmp::keep_freed_memory();
  pdmp::install_console();
  // A limit on file sizes becomes an error of the write, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return pdmp::cli::run_program({arguments + 1, arguments + count}, pdmp::cli::printable_output());
  } catch (const pdmp::Error& error) {
    const bool interrupted = error.kind() == pdmp::ErrorKind::interrupted;
    return pdmp::cli::fail(pdmp::with_flags(error.what()),
                           interrupted ? pdmp::interrupt_exit_code() : pdmp::exit_code(error.kind()));
  } catch (const c10::Error& error) {
    return pdmp::cli::fail(std::string("LibTorch: ") + pdmp::cli::first_line(error.what_without_backtrace()), 1);
  } catch (const std::bad_alloc&) {
    return pdmp::cli::fail("out of memory; a smaller --batch-size needs less", 1);
  } catch (const std::exception& error) {
    return pdmp::cli::fail(pdmp::cli::first_line(error.what()), 1);
  }
}
