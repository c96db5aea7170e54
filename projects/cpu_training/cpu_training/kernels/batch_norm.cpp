// Batch normalisation with an activation that clamps, for training; rows of channels, float32 or
// bfloat16. Memory is what it waits for, so it is read in order, and as few times as it can be.

#include <algorithm>
#include <cmath>
#include <vector>

#include "lanes.h"

namespace {

constexpr int64_t kChunk = 256;     // rows that are summed in float32
constexpr int64_t kMostParts = 64;  // that threads share: no sum depends on their number

struct Shape {
  int64_t rows, channels;
};

// Mean, variance, and the factor and summand of normalisation, of each channel.
struct Statistics {
  float *mean, *variance, *scale, *shift;
  Statistics(float* rows, int64_t channels)
      : mean(rows),
        variance(rows + channels),
        scale(rows + 2 * channels),
        shift(rows + 3 * channels) {}
};

// The first channel of a block; the last block is moved back to be a whole one, if it can be.
inline int64_t first_channel(const Shape& s, int64_t block) {
  return std::min(block * kLanes, std::max<int64_t>(0, s.channels - kLanes));
}

// task(index of a block's first value, its first channel, its channels) for all of them.
template <typename Task>
void for_all(const Shape& s, int threads, Task task) {
  const int64_t blocks = (s.channels + kLanes - 1) / kLanes;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t row = 0; row < s.rows; ++row)
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t first = first_channel(s, block);
      task(row * s.channels + first, first, s.channels);
    }
}

// Two sums over rows, (2, channels), to which task(as above, one, other) adds.
template <typename Task>
std::vector<double> sums(const Shape& s, int threads, Task task) {
  const int64_t blocks = (s.channels + kLanes - 1) / kLanes, size = 2 * s.channels;
  const int64_t parts = std::min(kMostParts, (s.rows + kChunk - 1) / kChunk);
  std::vector<double> totals(parts * size);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t part = 0; part < parts; ++part) {
    std::vector<Lanes> one(blocks), other(blocks);
    double* total = &totals[part * size];
    const int64_t end = (part + 1) * s.rows / parts;
    for (int64_t begin = part * s.rows / parts; begin < end; begin += kChunk) {
      std::fill(one.begin(), one.end(), Lanes{});
      std::fill(other.begin(), other.end(), Lanes{});
      for (int64_t row = begin; row < std::min(begin + kChunk, end); ++row)
        for (int64_t block = 0; block < blocks; ++block) {
          const int64_t first = first_channel(s, block);
          task(row * s.channels + first, first, s.channels, one[block], other[block]);
        }
      for (int64_t c = 0; c < s.channels; ++c) {
        const int64_t block = c / kLanes, lane = c - first_channel(s, block);
        total[c] += one[block][lane];
        total[s.channels + c] += other[block][lane];
      }
    }
  }
  for (int64_t part = 1; part < parts; ++part)
    for (int64_t i = 0; i < size; ++i) totals[i] += totals[part * size + i];
  return totals;
}

template <typename T>
void forward(const Shape& s, int threads, const T* x, const float* weight, const float* bias,
             float eps, float low, float high, T* y, Statistics to) {
  // Squares of differences to a value that is there lose no digits, whatever the mean.
  const std::vector<double> totals =
      sums(s, threads, [=](int64_t at, int64_t first, int64_t used, Lanes& sum, Lanes& squares) {
        const Lanes difference = read(x + at, used) - read(x + first, used);
        sum += difference;
        squares += difference * difference;
      });
  for (int64_t c = 0; c < s.channels; ++c) {
    const double mean = totals[c] / s.rows;
    const double squares = totals[s.channels + c] / s.rows;
    to.mean[c] = read(x + c, 1)[0] + mean;
    to.variance[c] = std::max(0.0, squares - mean * mean);
    to.scale[c] = weight[c] / std::sqrt(to.variance[c] + eps);
    to.shift[c] = bias[c] - to.mean[c] * to.scale[c];
  }
  for_all(s, threads, [=](int64_t at, int64_t first, int64_t used) {
    Lanes out = read(x + at, used) * read(to.scale + first, used) + read(to.shift + first, used);
    out = out < low ? Lanes{} + low : out;
    out = out > high ? Lanes{} + high : out;
    write(out, y + at, used);
  });
}

template <typename T>
void backward(const Shape& s, int threads, const T* x, const T* grad, float eps, float low,
              float high, const Statistics& of, T* x_grad, float* weight_grad, float* bias_grad) {
  // The gradient before the activation, and what is normalised without its mean.
  const auto passed = [=](int64_t at, int64_t first, int64_t used, Lanes& centred) {
    const Lanes in = read(x + at, used), given = read(grad + at, used);
    const Lanes out = in * read(of.scale + first, used) + read(of.shift + first, used);
    centred = in - read(of.mean + first, used);
    return (out > low) & (out < high) ? given : Lanes{};
  };
  const std::vector<double> totals =
      sums(s, threads, [=](int64_t at, int64_t first, int64_t used, Lanes& sum, Lanes& product) {
        Lanes centred;
        const Lanes own = passed(at, first, used, centred);
        sum += own;
        product += own * centred;
      });
  std::vector<float> constant(s.channels), slope(s.channels);
  for (int64_t c = 0; c < s.channels; ++c) {
    const double product = totals[s.channels + c], spread = of.variance[c] + eps;
    bias_grad[c] = totals[c];
    weight_grad[c] = product / std::sqrt(spread);
    constant[c] = -of.scale[c] * totals[c] / s.rows;
    slope[c] = -of.scale[c] * product / spread / s.rows;
  }
  for_all(s, threads, [=, &constant, &slope](int64_t at, int64_t first, int64_t used) {
    Lanes centred;
    const Lanes own = passed(at, first, used, centred);
    write(own * read(of.scale + first, used) + centred * read(&slope[first], used) +
              read(&constant[first], used),
          x_grad + at, used);
  });
}

}  // namespace

extern "C" {

// statistics: (4, channels), see Statistics
void batch_norm_forward(const Shape* s, int bfloat16, int threads, const void* x,
                        const float* weight, const float* bias, void* y, float* statistics,
                        float eps, float low, float high) {
  const Statistics to(statistics, s->channels);
  if (bfloat16)
    forward(*s, threads, static_cast<const uint16_t*>(x), weight, bias, eps, low, high,
            static_cast<uint16_t*>(y), to);
  else
    forward(*s, threads, static_cast<const float*>(x), weight, bias, eps, low, high,
            static_cast<float*>(y), to);
}

// grads: (2, channels), the weight's and the bias'
void batch_norm_backward(const Shape* s, int bfloat16, int threads, const void* x,
                         const void* grad, float* statistics, void* x_grad, float* grads,
                         float eps, float low, float high) {
  const Statistics of(statistics, s->channels);
  if (bfloat16)
    backward(*s, threads, static_cast<const uint16_t*>(x), static_cast<const uint16_t*>(grad),
             eps, low, high, of, static_cast<uint16_t*>(x_grad), grads, grads + s->channels);
  else
    backward(*s, threads, static_cast<const float*>(x), static_cast<const float*>(grad), eps, low,
             high, of, static_cast<float*>(x_grad), grads, grads + s->channels);
}
}
