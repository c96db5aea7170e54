// Gradients of depthwise convolutions in channels-last order, float32 or bfloat16.
//
// Rows of maps are copied into padded float32 buffers that stay in the first-level cache, and a row
// of the kernel stays in registers. Sums have their order whatever the number of threads.

#include <algorithm>
#include <vector>

#include "lanes.h"

namespace {

// Maps of (samples, channels, height, width) to (samples, channels, out_height, out_width).
struct Shape {
  int64_t samples, channels, height, width, out_height, out_width;
  int64_t kernel_size, stride, padding_y, padding_x;
};

// The first `used` lanes of `count` pixels, `step` values apart.
template <typename T>
void load(const T* from, int64_t step, int64_t count, int64_t used, Lanes* to) {
  for (int64_t i = 0; i < count; ++i, from += step) {
    __builtin_prefetch(from + count * step);  // what is in the next row
    to[i] = read(from, used);
  }
}

// The last `size` rows of a map, with `left` zeros before each and more after it.
class Rows {
 public:
  Rows(int64_t size, int64_t length, int64_t left)
      : size_(size), length_(length), left_(left), lanes_(size * length) {}
  Lanes* operator[](int64_t row) { return &lanes_[row % size_ * length_]; }
  template <typename T>
  void fill(int64_t row, const T* from, int64_t step, int64_t count, int64_t used) {
    Lanes* to = (*this)[row];
    count = from ? std::min(count, length_ - left_) : 0;
    std::fill(to, to + left_, Lanes{});
    load(from, step, count, used, to + left_);
    std::fill(to + left_ + count, to + length_, Lanes{});
  }

 private:
  int64_t size_, length_, left_;
  std::vector<Lanes> lanes_;
};

template <int K, int S, typename T>
struct Depthwise {
  // sums: (samples, channels, K, K)
  static void weight_gradient(const Shape& s, const void* x, const void* grad, float* sums) {
    Rows rows(K, (s.out_width - 1) * S + K, s.padding_x), grads(1, s.out_width, 0);
#pragma omp for collapse(2) schedule(static)
    for (int64_t n = 0; n < s.samples; ++n)
      for (int64_t first = 0; first < s.channels; first += kLanes) {
        const int64_t used = std::min<int64_t>(kLanes, s.channels - first);
        const T* maps = static_cast<const T*>(x) + n * s.height * s.width * s.channels + first;
        const T* out = static_cast<const T*>(grad) + n * s.out_height * s.out_width * s.channels + first;
        Lanes total[K][K] = {};
        int64_t read = 0;  // padded rows
        for (int64_t y = 0; y < s.out_height; ++y) {
          for (; read < y * S + K; ++read) {
            const int64_t row = read - s.padding_y;
            const bool inside = row >= 0 && row < s.height;
            rows.fill(read, inside ? maps + row * s.width * s.channels : nullptr, s.channels,
                      s.width, used);
          }
          grads.fill(0, out + y * s.out_width * s.channels, s.channels, s.out_width, used);
          for (int i = 0; i < K; ++i) {
            Lanes own[K];
            std::copy(total[i], total[i] + K, own);
            const Lanes *seen = rows[y * S + i], *weight = grads[0];
            for (int64_t at = 0; at < s.out_width; ++at)
              for (int j = 0; j < K; ++j) own[j] += seen[at * S + j] * weight[at];
            std::copy(own, own + K, total[i]);
          }
        }
        float* to = sums + (n * s.channels + first) * K * K;
        for (int64_t channel = 0; channel < used; ++channel)
          for (int tap = 0; tap < K * K; ++tap)
            to[channel * K * K + tap] = total[tap / K][tap % K][channel];
      }
  }

  // weight: (K, K, channels); x_grad: as the maps
  static void input_gradient(const Shape& s, const void* grad, const float* weight,
                             void* x_grad) {
    constexpr int64_t reach = (K + S - 1) / S;  // rows and columns of `grad` that a pixel is in
    const int64_t columns = (s.width + s.padding_x + S - 1) / S;
    Rows rows(reach, reach - 1 + columns, reach - 1), sums(1, columns * S, 0);
#pragma omp for collapse(2) schedule(static)
    for (int64_t n = 0; n < s.samples; ++n)
      for (int64_t first = 0; first < s.channels; first += kLanes) {
        const int64_t used = std::min<int64_t>(kLanes, s.channels - first);
        const T* out = static_cast<const T*>(grad) + n * s.out_height * s.out_width * s.channels + first;
        T* maps = static_cast<T*>(x_grad) + n * s.height * s.width * s.channels + first;
        Lanes taps[K][K];
        for (int tap = 0; tap < K * K; ++tap)
          taps[tap / K][tap % K] = read(weight + tap * s.channels + first, used);
        int64_t read = 0;
        for (int64_t y = 0; y < s.height; ++y) {
          const int64_t padded = y + s.padding_y;
          for (; read <= padded / S; ++read)
            rows.fill(read, read < s.out_height ? out + read * s.out_width * s.channels : nullptr,
                      s.channels, s.out_width, used);
          Lanes* sum = sums[0];
          std::fill(sum, sum + columns * S, Lanes{});
          for (int i = padded % S; i < K && i <= padded; i += S) {
            const Lanes* seen = rows[(padded - i) / S] + reach - 1;
            phase<0>(taps[i], seen, columns, sum);
            if constexpr (S > 1) phase<1>(taps[i], seen, columns, sum);
          }
          for (int64_t at = 0; at < s.width; ++at)
            write(sum[s.padding_x + at], maps + (y * s.width + at) * s.channels, used);
        }
      }
  }

  // Columns J, J + S, … of a padded row: what taps J, J + S, … give to them.
  template <int J>
  static void phase(const Lanes* taps, const Lanes* seen, int64_t columns, Lanes* sum) {
    constexpr int count = (K - J + S - 1) / S;
    Lanes own[count];
    for (int t = 0; t < count; ++t) own[t] = taps[J + t * S];
    for (int64_t at = 0; at < columns; ++at) {
      Lanes total = sum[at * S + J];
      for (int t = 0; t < count; ++t) total += seen[at - t] * own[t];
      sum[at * S + J] = total;
    }
  }
};

// Calls `task` with what is compiled for a shape and type; whether there is any.
template <int S, typename T, typename Task>
bool with_kernel_size(int64_t size, Task task) {
  if (size == 3) task(Depthwise<3, S, T>());
  if (size == 5) task(Depthwise<5, S, T>());
  if (size == 7) task(Depthwise<7, S, T>());
  return size == 3 || size == 5 || size == 7;
}

template <typename T, typename Task>
bool with_stride(const Shape& s, Task task) {
  if (s.stride == 1) return with_kernel_size<1, T>(s.kernel_size, task);
  return s.stride == 2 && with_kernel_size<2, T>(s.kernel_size, task);
}

template <typename Task>
bool with_type(const Shape& s, bool bfloat16, Task task) {
  return bfloat16 ? with_stride<uint16_t>(s, task) : with_stride<float>(s, task);
}

}  // namespace

extern "C" {

// Whether there is a kernel for the shape.
int depthwise_weight_gradient(const Shape* s, int bfloat16, int threads, const void* x,
                              const void* grad, float* sums) {
  return with_type(*s, bfloat16, [=](auto depthwise) {
#pragma omp parallel num_threads(threads)
    depthwise.weight_gradient(*s, x, grad, sums);
  });
}

int depthwise_input_gradient(const Shape* s, int bfloat16, int threads, const void* grad,
                             const float* weight, void* x_grad) {
  return with_type(*s, bfloat16, [=](auto depthwise) {
#pragma omp parallel num_threads(threads)
    depthwise.input_gradient(*s, grad, weight, x_grad);
  });
}
}
