#include "assignment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace litepose {
namespace {

// The Hungarian algorithm of Munkres. Where several assignments cost the same, the order in which
// zeros are visited decides between them; it is the one of the Python package `munkres`, with which
// the authors evaluated.
class Munkres {
public:
    explicit Munkres(std::vector<std::vector<double>> cost)
        : cost_(std::move(cost)),
          size_(int(cost_.size())),
          marks_(size_, std::vector<Mark>(size_, Mark::kNone)),
          row_covered_(size_),
          column_covered_(size_) {}

    /// Returns the column of each row.
    std::vector<int> solve() {
        subtract_row_minima();
        star_first_zeros();
        while (cover_starred_columns() < size_) {
            while (!prime_zeros()) shift_by_smallest();
        }
        std::vector<int> columns;
        for (int row = 0; row < size_; ++row) columns.push_back(find(row, Mark::kStar));
        return columns;
    }

private:
    enum class Mark : char { kNone, kStar, kPrime };

    void subtract_row_minima() {
        for (auto& row : cost_) {
            const double smallest = *std::min_element(row.begin(), row.end());
            for (double& each : row) each -= smallest;
        }
    }

    void star_first_zeros() {
        for (int row = 0; row < size_; ++row) {
            for (int column = 0; column < size_; ++column) {
                if (cost_[row][column] != 0 || column_covered_[column]) continue;
                marks_[row][column] = Mark::kStar;
                column_covered_[column] = true;
                break;
            }
        }
        uncover();
    }

    int cover_starred_columns() {
        for (int row = 0; row < size_; ++row) {
            const int column = find(row, Mark::kStar);
            if (column >= 0) column_covered_[column] = true;
        }
        return int(std::count(column_covered_.begin(), column_covered_.end(), true));
    }

    // Primes uncovered zeros. Returns true once one of them has led to a further starred zero, and
    // false when none is left.
    bool prime_zeros() {
        int row = 0, column = 0;
        while (find_uncovered_zero(row, column)) {
            marks_[row][column] = Mark::kPrime;
            const int starred = find(row, Mark::kStar);
            if (starred < 0) {
                augment(row, column);
                return true;
            }
            row_covered_[row] = true;
            column_covered_[starred] = false;
            column = starred;
        }
        return false;
    }

    // Searches all rows from `row` on, each from `column` on, and around their ends. In the first
    // row with uncovered zeros, takes the last of them.
    bool find_uncovered_zero(int& row, int& column) const {
        for (int i = 0; i < size_; ++i) {
            const int own_row = (row + i) % size_;
            if (row_covered_[own_row]) continue;
            for (int j = size_ - 1; j >= 0; --j) {
                const int own_column = (column + j) % size_;
                if (cost_[own_row][own_column] == 0 && !column_covered_[own_column]) {
                    row = own_row, column = own_column;
                    return true;
                }
            }
        }
        return false;
    }

    // Swaps stars and primes along the path of alternating zeros that begins at a primed one.
    void augment(int row, int column) {
        std::vector<std::pair<int, int>> path = {{row, column}};
        while ((row = find_star_in_column(column)) >= 0) {
            path.emplace_back(row, column);
            column = find(row, Mark::kPrime);
            path.emplace_back(row, column);
        }
        for (const auto& [i, j] : path) {
            marks_[i][j] = marks_[i][j] == Mark::kStar ? Mark::kNone : Mark::kStar;
        }
        for (auto& marks : marks_)
            std::replace(marks.begin(), marks.end(), Mark::kPrime, Mark::kNone);
        uncover();
    }

    void shift_by_smallest() {
        double smallest = std::numeric_limits<double>::max();
        for (int row = 0; row < size_; ++row) {
            for (int column = 0; column < size_; ++column) {
                if (!row_covered_[row] && !column_covered_[column]) {
                    smallest = std::min(smallest, cost_[row][column]);
                }
            }
        }
        for (int row = 0; row < size_; ++row) {
            for (int column = 0; column < size_; ++column) {
                // Adding and subtracting rounds, so both happen as in the original.
                if (row_covered_[row]) cost_[row][column] += smallest;
                if (!column_covered_[column]) cost_[row][column] -= smallest;
            }
        }
    }

    int find(int row, Mark mark) const {
        const auto& marks = marks_[row];
        const auto found = std::find(marks.begin(), marks.end(), mark);
        return found == marks.end() ? -1 : int(found - marks.begin());
    }

    int find_star_in_column(int column) const {
        for (int row = 0; row < size_; ++row) {
            if (marks_[row][column] == Mark::kStar) return row;
        }
        return -1;
    }

    void uncover() {
        row_covered_.assign(size_, false);
        column_covered_.assign(size_, false);
    }

    std::vector<std::vector<double>> cost_;
    int size_;
    std::vector<std::vector<Mark>> marks_;
    std::vector<bool> row_covered_, column_covered_;
};

}  // namespace

std::vector<int> assign(const std::vector<double>& distances, int num_candidates,
                        const float* values, double threshold) {
    const int num_people = int(distances.size()) / num_candidates;
    // Candidates beyond the number of people get columns at a high cost, as in the authors' code.
    constexpr double kUnmatched = 1e10;
    const int size = std::max(num_candidates, num_people);
    std::vector<std::vector<double>> cost(size, std::vector<double>(size, 0.0));
    for (int i = 0; i < num_candidates; ++i) {
        const double* own = &distances[std::size_t(i) * num_people];
        for (int j = 0; j < size; ++j) {
            cost[i][j] =
                j < num_people ? std::nearbyint(own[j]) * 100 - double(values[i]) : kUnmatched;
        }
    }
    std::vector<int> people = Munkres(std::move(cost)).solve();
    people.resize(num_candidates);
    for (int i = 0; i < num_candidates; ++i) {
        const bool is_person = people[i] < num_people;
        if (!is_person || !(distances[std::size_t(i) * num_people + people[i]] < threshold)) {
            people[i] = -1;
        }
    }
    return people;
}

}  // namespace litepose
