// pdmp: multimodal classifiers in which the right modality leads. Start here.
//
//   pdmp::RunOptions options;                 // defaults are the paper's
//   options.data.data = "mydata";             // folder of dataset.json and metadata.csv
//   options.run = "runs/first";
//   options.method = "pdmp";
//   pdmp::RunSummary summary = pdmp::run(options);
//
// A program that trains calls keep_freed_memory (memory.h) first: steps are up to a tenth faster.
//
// One level down: Dataset and Loader (dataset.h), Model (model.h), Method (method.h), Trainer (trainer.h),
// analyze (analysis.h). Everything throws pdmp::Error and nothing else of its own.
#pragma once

#include "pdmp/analysis.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"
#include "pdmp/memory.h"
#include "pdmp/method.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "pdmp/options.h"
#include "pdmp/random.h"
#include "pdmp/run.h"
#include "pdmp/trainer.h"
