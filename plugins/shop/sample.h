// The files of data/, compiled in, so that the examples have something to work on where no network and no
// folder is. sample.cmake writes the source.
#pragma once

#include <string_view>

namespace shop {

// "products" is data/products.json; "null" for a collection that is not there.
std::string_view sample(std::string_view collection);

}  // namespace shop
