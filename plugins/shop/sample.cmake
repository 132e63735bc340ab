# cmake -DFOLDER= -DSOURCE= -P sample.cmake: writes the JSON files of FOLDER as the C++ source that sample.h announces.
cmake_minimum_required(VERSION 3.18)
file(GLOB files ${FOLDER}/*.json)
set(cases "")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND cases "  if (collection == \"${name}\")\n    return R\"json(${text})json\";\n")
endforeach()
file(WRITE ${SOURCE} "// Generated from ${FOLDER} by sample.cmake; do not edit.
#include \"shop/sample.h\"

namespace shop {

std::string_view sample(std::string_view collection) {
${cases}  return \"null\";
}

}  // namespace shop
")
