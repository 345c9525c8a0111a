#include <lamina/shape.h>

#include <algorithm>
#include <ostream>

#include <lamina/error.h>

namespace lamina {

Shape::Shape(std::span<const std::int64_t> dims) {
  for (std::int64_t dim : dims)
    push_back(dim);
}

void Shape::push_back(std::int64_t dim) {
  if (rank_ == max_rank)
    throw Error("a shape has at most " + std::to_string(max_rank) + " dimensions");
  if (dim < none)
    throw Error("a dimension cannot be " + std::to_string(dim));
  dims_[rank_++] = dim;
}

void Shape::throw_no_axis(std::int64_t axis) const {
  throw Error("no axis " + std::to_string(axis) + " in shape " + str());
}

Shape Shape::concat(const Shape &other) const {
  Shape result = *this;
  for (std::int64_t dim : other)
    result.push_back(dim);
  return result;
}

Shape Shape::subshape(std::size_t first, std::size_t last) const {
  last = std::min(last, rank_);
  first = std::min(first, last);
  return Shape(std::span(dims_.data() + first, last - first));
}

bool Shape::is_static() const { return std::find(begin(), end(), none) == end(); }

std::int64_t Shape::num_elements() const {
  if (!is_static())
    throw Error("the number of elements of shape " + str() + " is not known");
  if (std::find(begin(), end(), 0) != end())
    return 0;
  std::int64_t product = 1;
  for (std::int64_t dim : *this)
    if (__builtin_mul_overflow(product, dim, &product))
      throw Error("shape " + str() + " has too many elements");
  return product;
}

std::string Shape::str() const {
  std::string text = "(";
  for (std::size_t i = 0; i < rank_; ++i)
    text += (i ? ", " : "") + (dims_[i] == none ? std::string("None") : std::to_string(dims_[i]));
  return text + (rank_ == 1 ? ",)" : ")");
}

bool Shape::operator==(const Shape &other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

std::ostream &operator<<(std::ostream &stream, const Shape &shape) { return stream << shape.str(); }

} // namespace lamina
