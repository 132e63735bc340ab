# include() this in an example's CMakeLists.txt, after find_package(tasker-sdk): the targets `shop`, and where libcurl is,
# `shop_office`; built once, whatever number of plugins links them.
find_package(CURL 7.85 QUIET)
if(NOT TARGET shop)
  add_subdirectory(${CMAKE_CURRENT_LIST_DIR} ${CMAKE_BINARY_DIR}/plugin-projects/shop)
endif()

# shop_plugin(<name> <namespace> <version> <sources...>): an example that has an office.
function(shop_plugin name namespace version)
  if(NOT TARGET shop_office)
    message(FATAL_ERROR "${namespace}/${name} needs libcurl. On Debian: apt-get install libcurl4-openssl-dev")
  endif()
  tasker_add_plugin(${name} NAMESPACE ${namespace} VERSION ${version} MANIFEST ${name}-${version}.yaml SOURCES ${ARGN})
  target_link_libraries(${name}-${version} PRIVATE shop_office)
  # One compilation: most of the time goes into the JSON header.
  set_target_properties(${name}-${version} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
endfunction()
