#include "base/table.h"

#include "data/importers/shared/importers.h"

namespace pdmp::data {

namespace {

Registry<ImporterInfo>& rows() {
  static Registry<ImporterInfo> table = {
      {"ave", "AVE: sound and pictures of 4,143 events in 28 classes", make_ave_importer},
      {"crema_d", "CREMA-D: sound and pictures of 7,442 spoken sentences, six emotions", make_crema_d_importer},
      {"kinetics_sounds", "Kinetics-Sounds: sound and pictures of the 31 to 34 classes of Kinetics-400 one can hear",
       make_kinetics_sounds_importer},
      {"vggsound", "VGGSound: sound and pictures of up to 199,176 clips in 309 classes", make_vggsound_importer},
      {"cefa", "CASIA-SURF CeFA: live faces and attacks in colour, depth and infrared, by protocol",
       make_cefa_importer},
      {"ucf101", "UCF-101: pictures and optical flow of 13,320 videos in 101 classes", make_ucf101_importer},
      {"tuxpaint", "Tux Paint's stamps: picture, recorded speech and caption of some 690 objects in 9 classes",
       make_tuxpaint_importer},
      {"folders", "own media in folders SPLIT/MODALITY/CLASS, MODALITY/SPLIT/CLASS or SPLIT/CLASS",
       make_folders_importer},
      {"csv", "own media by lists of id,label and a template of their paths", make_csv_importer},
      {"huggingface", "own media beside a metadata.csv or metadata.jsonl, as imagefolder and audiofolder",
       make_huggingface_importer},
      {"webdataset", "own media in tar shards, as WebDataset", make_webdataset_importer},
  };
  return table;
}

}  // namespace

}  // namespace pdmp::data

namespace pdmp {

const Registry<ImporterInfo>& importer_table() { return data::rows(); }

void register_importer(ImporterInfo row) { add_row(data::rows(), std::move(row), "importer"); }

const ImporterInfo& find_importer(const std::string& name) {
  return get_row(importer_table(), name, "unknown data set");
}

}  // namespace pdmp
