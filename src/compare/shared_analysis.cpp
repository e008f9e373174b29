#include "compare/shared_analysis.h"

#include "analysis/analysis_data.h"
#include "base/log.h"

namespace pdmp::comparing {

AnalysisResult shared_analysis(const RunOptions& options, const TrainingData& data, const std::filesystem::path& file) {
  const std::string settings =
      analysis_settings(data.train->modalities(), options.model, options.train, options.analysis) +
      analysis::data_clause(data);
  if (!std::filesystem::exists(file) || read_analysis(file).settings != settings) {
    write_analysis(analyze(data, options.model, options.train, options.analysis, file.parent_path() / "analysis"),
                   file);
  }
  const AnalysisResult result = read_analysis(file);
  log_lines(analysis_table(result));
  return result;
}

}  // namespace pdmp::comparing
