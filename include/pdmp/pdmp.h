// All headers of pdmp: multimodal classifiers in which the right modality leads. Start here.
//
//   pdmp::TrainingRun run = pdmp::train({.data = "mydata", .run = "runs/first", .method = pdmp::PdmpOptions{}});
//   pdmp::TrainedModel model = pdmp::load("runs/first");
//   pdmp::Prediction answer = model.predict({{"picture", "cat.png"}, {"speech", "meow.ogg"}});
//   pdmp::Comparison table = pdmp::compare({.methods = {"joint", "pdmp"}, .run = {.data = "mydata"}});
//
// A program that trains should call keep_freed_memory (memory.h) first, which makes steps up to a tenth faster.
//
// One level below: Dataset and Loader (dataset.h), Model (model.h), Method (method.h), Trainer (trainer.h), analyze
// (analysis.h). Calls report progress and messages only to a Session (session.h). Failures are pdmp::Error (error.h).
#pragma once

#include "pdmp/analysis.h"
#include "pdmp/compare.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"
#include "pdmp/memory.h"
#include "pdmp/method.h"
#include "pdmp/methods/all.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "pdmp/options.h"
#include "pdmp/random.h"
#include "pdmp/run.h"
#include "pdmp/session.h"
#include "pdmp/trained_model.h"
#include "pdmp/trainer.h"
#include "pdmp/version.h"
