// What the table of importers lists. One function per file of this folder.
#pragma once

#include <memory>

#include "pdmp/importer.h"

namespace pdmp::data {

std::unique_ptr<Importer> make_ave_importer();
std::unique_ptr<Importer> make_cefa_importer();
std::unique_ptr<Importer> make_crema_d_importer();
std::unique_ptr<Importer> make_csv_importer();
std::unique_ptr<Importer> make_folders_importer();
std::unique_ptr<Importer> make_huggingface_importer();
std::unique_ptr<Importer> make_kinetics_sounds_importer();
std::unique_ptr<Importer> make_tuxpaint_importer();
std::unique_ptr<Importer> make_ucf101_importer();
std::unique_ptr<Importer> make_vggsound_importer();
std::unique_ptr<Importer> make_webdataset_importer();

}  // namespace pdmp::data
