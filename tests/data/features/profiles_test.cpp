#include "data/features/profiles.h"

#include <cmath>
#include <gtest/gtest.h>

#include "data/features/resample.h"
#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

struct Value {
  int64_t f, t;
  double expected;
};

Tensor reference_signal(int64_t count) {
  const Tensor n = torch::arange(count, torch::kFloat64);
  return (torch::sin(n * (2 * M_PI * 440 / 22050)) + 0.5 * torch::cos(0.01 * n)).to(torch::kFloat32);
}

Tensor two_tones(int64_t count) {
  const Tensor n = torch::arange(count, torch::kFloat64) * (2 * M_PI / 16000);
  return (0.6 * torch::sin(440 * n) + 0.3 * torch::cos(3000 * n)).to(torch::kFloat32);
}

void expect_values(const Tensor& features, const std::vector<Value>& values, double tolerance = 1e-5) {
  for (const Value& v : values)
    EXPECT_NEAR(features[0][v.f][v.t].item<double>(), v.expected, tolerance) << v.f << ' ' << v.t;
}

void expect_moments(const Tensor& features, double mean, double deviation) {
  const Tensor values = features.to(torch::kFloat64);
  EXPECT_NEAR(values.mean().item<double>(), mean, 1e-5);
  EXPECT_NEAR((values - values.mean()).square().mean().sqrt().item<double>(), deviation, 1e-5);
}

AudioProfile padded(const char* name, StftPad pad) {
  AudioProfile profile = find_audio_profile(name);
  profile.pad = pad;
  return profile;
}

TEST(AudioProfiles, HaveTheShapesTheyAreKnownFor) {
  const std::vector<std::pair<std::string, std::vector<int64_t>>> shapes = {
      {"log_psd_3s", {1, 257, 299}},  {"log_psd_10s", {1, 257, 1004}}, {"log_stft_cremad", {1, 257, 188}},
      {"log_stft_av", {1, 129, 626}}, {"log_stft_nc", {1, 257, 299}},  {"log_mel_2s", {1, 64, 198}},
      {"fbank_10s", {1, 1024, 128}}};
  ASSERT_EQ(audio_profile_table().size(), shapes.size());
  for (const auto& [name, shape] : shapes) {
    const AudioProfile& profile = find_audio_profile(name);
    EXPECT_EQ(audio_shape(profile), shape) << name;
    for (const int64_t rate : {8000, 16000, 44100}) {
      const Tensor features = audio_features(profile, reference_signal(rate / 10), rate, nullptr);
      EXPECT_EQ(features.sizes(), shape) << name << ' ' << rate;
      EXPECT_TRUE(features.isfinite().all().item<bool>()) << name << ' ' << rate;
      EXPECT_EQ(features.scalar_type(), torch::kFloat32) << name;
    }
  }
}

// Papers quote frames every 159 samples of 16 kHz; in released code 353, once the overlap, became the step.
TEST(AudioProfiles, TrapSizesOfPapersAndOfReleasedCodeAreDifferentProfiles) {
  EXPECT_EQ(audio_shape(find_audio_profile("log_psd_3s")), (std::vector<int64_t>{1, 257, (48000 - 512) / 159 + 1}));
  EXPECT_EQ(audio_shape(find_audio_profile("log_psd_10s")), (std::vector<int64_t>{1, 257, (160000 - 512) / 159 + 1}));
  EXPECT_EQ(audio_shape(find_audio_profile("log_stft_cremad")), (std::vector<int64_t>{1, 257, 66150 / 353 + 1}));
  EXPECT_EQ(audio_shape(find_audio_profile("log_stft_av")), (std::vector<int64_t>{1, 129, 80000 / 128 + 1}));
}

TEST(AudioProfiles, TrapEdgesArePaddedWithZerosUnlessReflectionIsAsked) {
  for (const char* name : {"log_stft_cremad", "log_stft_av"}) {
    const AudioProfile& profile = find_audio_profile(name);
    const Tensor signal = two_tones(60000);
    const Tensor plain = audio_features(profile, signal, 16000, nullptr)[0];
    const Tensor zero = audio_features(padded(name, StftPad::zero), signal, 16000, nullptr)[0];
    const Tensor reflect = audio_features(padded(name, StftPad::reflect), signal, 16000, nullptr)[0];
    EXPECT_TRUE(torch::equal(plain, zero)) << name;
    // Half a window reaches into no more than one frame (hop 353 of 512, 128 of 256) at either end.
    const int64_t last = plain.size(1) - 1;
    for (const int64_t edge : {int64_t{0}, last})
      EXPECT_FALSE(torch::allclose(zero.select(1, edge), reflect.select(1, edge), 0, 1e-3)) << name;
    EXPECT_TRUE(torch::allclose(zero.narrow(1, 1, last - 1), reflect.narrow(1, 1, last - 1), 0, 1e-6)) << name;
  }
}

// A recording of 16 kHz, as those of CREMA-D are, is taken as it is by all the others.
TEST(AudioProfiles, TrapOnlyLogStftCremadResamples) {
  for (const AudioProfile& profile : audio_profile_table()) {
    const bool resamples = std::string(profile.name) == "log_stft_cremad";
    EXPECT_EQ(profile.rate != 0 && profile.rate != 16000, resamples) << profile.name;
  }
  const Tensor clip = two_tones(48000);
  const AudioProfile& direct = find_audio_profile("log_psd_3s");
  EXPECT_TRUE(torch::equal(audio_features(direct, clip, 16000, nullptr)[0],
                           direct.spectrogram(clip.clamp(-1, 1), 16000, direct)));
}

TEST(AudioProfiles, UnknownNamesGetASuggestion) {
  testing::expect_error(ErrorKind::data, {"log_psd_3", "log_psd_3s"}, [] { find_audio_profile("log_psd_3"); });
}

TEST(AudioProfiles, RefuseAnEmptyRecording) {
  testing::expect_error(ErrorKind::data, {"one sample"},
                        [] { audio_features(find_audio_profile("log_stft_av"), torch::zeros({0}), 16000, nullptr); });
}

TEST(LogStftCremad, GivesReferenceValues) {
  const Tensor signal = reference_signal(66150);
  const std::vector<Value> inside = {{0, 1, 4.104997},   {10, 1, 4.694765},   {10, 94, 4.713832},   {11, 94, 4.354948},
                                     {12, 50, 1.813394}, {50, 94, -0.260293}, {128, 100, -1.705392}};
  const Tensor zero = audio_features(padded("log_stft_cremad", StftPad::zero), signal, 22050, nullptr);
  expect_values(zero, inside);
  expect_values(zero, {{0, 0, 3.681330},
                       {1, 0, 3.615022},
                       {10, 0, 4.076869},
                       {100, 0, -1.134922},
                       {256, 0, -1.553804},
                       {256, 187, -2.415615},
                       {200, 187, -2.503786}});
  expect_moments(zero, -2.092588925, 1.715848593);
  EXPECT_NEAR(zero.max().item<double>(), 4.718304, 1e-5);
  const Tensor reflect = audio_features(padded("log_stft_cremad", StftPad::reflect), signal, 22050, nullptr);
  expect_values(reflect, inside);
  expect_values(reflect, {{0, 0, 4.368160},
                          {1, 0, 4.179098},
                          {10, 0, 3.299821},
                          {100, 0, -4.398257},
                          {256, 0, -2.562445},
                          {256, 187, -3.692033},
                          {200, 187, -3.943275}});
  expect_moments(reflect, -2.097081733, 1.718097582);
  EXPECT_NEAR(reflect.max().item<double>(), 4.718304, 1e-5);
}

// The window is chosen by padding the signal to twice its length: the central 5 s of 10 s start at 2.5 s.
TEST(LogStftAv, GivesReferenceValues) {
  const Tensor signal = reference_signal(80000);
  const Tensor ten_seconds = torch::constant_pad_nd(signal, {40000, 40000});
  const std::vector<Value> inside = {{0, 1, 2.609438},   {5, 1, 4.086538},    {5, 300, 4.024181},
                                     {6, 300, 3.485706}, {20, 300, 0.218953}, {64, 100, -3.205674}};
  const Tensor zero = audio_features(padded("log_stft_av", StftPad::zero), ten_seconds, 16000, nullptr);
  expect_values(zero, inside);
  expect_values(zero, {{0, 0, 3.387290},
                       {5, 0, 3.390819},
                       {64, 0, -1.057489},
                       {128, 0, -1.541918},
                       {128, 625, -1.260177},
                       {100, 625, -1.279860}});
  expect_moments(zero, -2.325564381, 1.891927367);
  const Tensor reflect = audio_features(padded("log_stft_av", StftPad::reflect), ten_seconds, 16000, nullptr);
  expect_values(reflect, inside);
  expect_values(reflect, {{0, 0, 4.071951},
                          {5, 0, 2.214285},
                          {64, 0, -2.808003},
                          {128, 0, -2.630263},
                          {128, 625, -4.218821},
                          {100, 625, -2.782476}});
  expect_moments(reflect, -2.329455289, 1.891656276);
}

TEST(LogStftAv, CropsAtRandomOnlyInTraining) {
  const AudioProfile& profile = find_audio_profile("log_stft_av");
  const Tensor signal = two_tones(70000) * torch::linspace(0, 1, 70000);
  const Tensor a = audio_features(profile, signal, 16000, nullptr), b = audio_features(profile, signal, 16000, nullptr);
  EXPECT_TRUE(torch::equal(a, b));
  RandomStream random(3), twin(3), other(4);
  const Tensor trained = audio_features(profile, signal, 16000, &random);
  EXPECT_TRUE(torch::equal(trained, audio_features(profile, signal, 16000, &twin)));
  EXPECT_FALSE(torch::equal(trained, audio_features(profile, signal, 16000, &other)));
  // 70,000 samples doubled twice are 280,000; the start in evaluation is clamped to 80,000 = 10,000 into the second
  // copy.
  const Tensor expected = torch::cat({signal, signal, signal}).slice(0, 80000, 160000);
  EXPECT_TRUE(
      torch::equal(a, audio_features(profile, torch::constant_pad_nd(expected, {40000, 40000}), 16000, nullptr)));
}

TEST(LogStftNc, GivesReferenceValues) {
  AudioProfile profile = find_audio_profile("log_stft_nc");
  const std::vector<Value> values = {{0, 0, 4.001938},     {10, 0, 4.698907},     {10, 150, 4.706358},
                                     {14, 150, -1.418526}, {50, 150, -0.362268},  {128, 0, -2.673796},
                                     {256, 0, -4.319872},  {256, 298, -4.943614}, {200, 298, -4.733068}};
  const Tensor three = audio_features(profile, reference_signal(48000), 16000, nullptr);
  expect_values(three, values);
  expect_moments(three, -2.103092458, 1.713342023);
  profile.seconds = 10;
  const Tensor ten = audio_features(profile, reference_signal(160000), 16000, nullptr);
  ASSERT_EQ(ten.sizes(), (std::vector<int64_t>{1, 257, 1004}));
  expect_values(ten, values);
  expect_moments(ten, -2.100283676, 1.713652003);
}

TEST(LogPsd, GivesReferenceValues) {
  const struct {
    int64_t f, t;
    double three, ten;
  } expected[] = {{0, 0, 3.057780091, 3.055209712},       {1, 0, 4.673031071, 4.669390001},
                  {10, 0, 5.599251038, 5.594996011},      {14, 0, 2.822284574, 2.819870296},
                  {14, 150, 2.858557690, 2.856119368},    {50, 150, 0.056102833, 0.055522154},
                  {128, 100, -0.355852922, -0.356160531}, {256, 298, -0.449809158, -0.450054487}};
  const Tensor three = audio_features(find_audio_profile("log_psd_3s"), reference_signal(48000), 16000, nullptr);
  const Tensor ten = audio_features(find_audio_profile("log_psd_10s"), reference_signal(160000), 16000, nullptr);
  for (const auto& bin : expected) {
    EXPECT_NEAR(three[0][bin.f][bin.t].item<double>(), bin.three, 1e-5);
    EXPECT_NEAR(ten[0][bin.f][bin.t].item<double>(), bin.ten, 1e-5);
  }
  expect_moments(three, 0, 1);
}

TEST(LogPsd, LogsHaveReferenceMoments) {
  for (const auto& [count, mean, deviation] :
       {std::tuple{48000, -15.258891151, 1.908539515}, {160000, -15.257853190, 1.909805455}}) {
    const Tensor density = power_density(reference_signal(count).clamp(-1, 1), 16000, 512, 159);
    const Tensor logs = torch::log(density + 1e-7);
    expect_moments(logs, mean, deviation);
    for (const Value& v : std::vector<Value>{{0, 0, -9.422997015},
                                             {1, 0, -6.340226692},
                                             {10, 0, -4.572499285},
                                             {14, 0, -9.872449516},
                                             {14, 150, -9.803220840},
                                             {50, 150, -15.151816678},
                                             {128, 100, -15.938050516},
                                             {256, 298, -16.117369704}}) {
      EXPECT_NEAR(logs[v.f][v.t].item<double>(), v.expected, 1e-8) << v.f << ' ' << v.t;
    }
    EXPECT_GT(logs.min().item<double>(), -16.118095651 - 1e-9);  // ln 1e-7
  }
}

// The order of things, and the deviation of all values, not of a sample of them (N - 1).
TEST(LogPsd, TrapIsStandardisedByThePopulationDeviationAfterTheLog) {
  const Tensor density = power_density(reference_signal(48000).clamp(-1, 1), 16000, 512, 159);
  const Tensor logs = torch::log(density + 1e-7);
  const Tensor z = audio_features(find_audio_profile("log_psd_3s"), reference_signal(48000), 16000, nullptr)[0];
  EXPECT_NEAR(z[10][0].item<double>(), (-4.572499285 + 15.258891151) / 1.908539515, 2e-6);
  const Tensor by_hand = (logs - logs.mean()) / (logs.std(/*unbiased=*/false) + 1e-9);
  EXPECT_TRUE(torch::allclose(z.to(torch::kFloat64), by_hand, 0, 1e-6));
  const Tensor few = torch::tensor({0.0, 2.0}, torch::kFloat64);  // population deviation 1, of a sample 1.414
  EXPECT_NEAR(standardise(few)[1].item<double>(), 1 / (1 + 1e-9), 1e-12);
}

// A clip of 2.1875 s: tiled, and for one of the profiles resampled.
TEST(AudioProfiles, GiveReferenceValuesEndToEnd) {
  const Tensor clip = two_tones(35000);
  expect_values(audio_features(find_audio_profile("log_psd_3s"), clip, 16000, nullptr),
                {{14, 20, 6.0232266}, {96, 50, 5.2198221}, {0, 0, -0.2469777}, {200, 219, -0.2090195}});
  const Tensor tiled = torch::cat({clip, clip}).slice(0, 0, 48000);
  expect_moments(torch::log(power_density(tiled, 16000, 512, 159) + 1e-7), -15.540824975, 1.705158090);
  EXPECT_EQ(resample(clip, 16000, 22050).size(0), 48235);
  expect_values(audio_features(find_audio_profile("log_stft_cremad"), clip, 16000, nullptr),
                {{0, 0, 1.603727}, {10, 20, 4.310807}, {10, 100, 4.310812}, {70, 50, 3.572882}, {70, 137, 3.467291}},
                2e-5);
}

// Numbers of an independent implementation in NumPy: power spectrum of 400-sample periodic Hann frames, zero-padded to
// 512; triangles linear in Hz between HTK mel corners, height 1; natural log of energy + 1e-6; 20,000 samples,
// zero-padded.
TEST(LogMel, GivesReferenceValues) {
  const Tensor z = audio_features(find_audio_profile("log_mel_2s"), two_tones(20000), 16000, nullptr);
  expect_values(z, {{0, 0, 0.502656},
                    {10, 20, 2.955093},
                    {11, 20, 3.220032},
                    {12, 20, 3.123761},
                    {37, 50, -0.254657},
                    {38, 100, -0.069839},
                    {63, 0, -0.622861},
                    {20, 123, 1.524420},
                    {20, 124, 1.867938},
                    {30, 150, -0.622883},
                    {63, 197, -0.622883}});
  expect_moments(z, 0, 1);
}

TEST(LogMel, LooksAtTwoSecondsOnly) {
  const AudioProfile& profile = find_audio_profile("log_mel_2s");
  EXPECT_TRUE(torch::equal(audio_features(profile, two_tones(50000), 16000, nullptr),
                           audio_features(profile, two_tones(32000), 16000, nullptr)));
}

// Numbers of an independent implementation in NumPy.
TEST(FilterBank, GivesReferenceValues) {
  const Tensor values = audio_features(find_audio_profile("fbank_10s"), two_tones(20000), 16000, nullptr);
  expect_values(values, {{0, 0, -0.903095},
                         {0, 20, 0.438499},
                         {50, 33, -0.520324},
                         {100, 90, -0.514842},
                         {122, 127, -1.112419},
                         {123, 0, 0.438012},
                         {1023, 127, 0.438012}});
  expect_moments(values[0].slice(0, 0, 123), -0.674101395, 0.563588188);
}

// Kaldi cuts half samples off: frames of 1,102 samples, not 1,102.5. Numbers of kaldi-native-fbank, in float32.
TEST(FilterBank, HalfSamplesAreCutOff) {
  const Tensor values = audio_features(find_audio_profile("fbank_10s"), two_tones(1102 + 3 * 441), 44100, nullptr);
  constexpr double kSingle = 2e-4;  // Kaldi's are of float32; rounded up they would be off by up to 0.14
  expect_values(values,
                {{0, 5, -0.982638},
                 {0, 40, -0.145783},
                 {3, 20, -0.767790},
                 {3, 41, -0.266266},
                 {3, 90, -0.418638},
                 {4, 0, 0.438012}},
                kSingle);
}

}  // namespace
}  // namespace pdmp::data
