// Channels of maps in channels-last order, sixteen at a time, computed with in float32.

#pragma once

#include <cstdint>
#include <cstring>

constexpr int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(4 * kLanes)));
typedef uint16_t Halves __attribute__((vector_size(2 * kLanes)));
typedef uint32_t Words __attribute__((vector_size(4 * kLanes)));

inline Lanes widen(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

// uint16_t stands for bfloat16: the upper half of a float32.
inline Lanes widen(const uint16_t* from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  return (Lanes)(__builtin_convertvector(halves, Words) << 16);
}

inline void narrow(Lanes lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

inline void narrow(Lanes lanes, uint16_t* to) {
  const Words words = (Words)lanes;
  const Words rounded = (words + 0x7fff + ((words >> 16) & 1)) >> 16;  // to nearest, ties to even
  const Halves halves = __builtin_convertvector(rounded, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

// The first `used` lanes; the others are 0.
template <typename T>
inline Lanes read(const T* from, int64_t used) {
  if (used >= kLanes) return widen(from);
  T part[kLanes] = {};
  std::memcpy(part, from, used * sizeof(T));
  return widen(part);
}

template <typename T>
inline void write(Lanes lanes, T* to, int64_t used) {
  if (used >= kLanes) return narrow(lanes, to);
  T part[kLanes];
  narrow(lanes, part);
  std::memcpy(to, part, used * sizeof(T));
}
