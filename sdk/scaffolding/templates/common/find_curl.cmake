
find_package(CURL 7.85 REQUIRED)
target_link_libraries(@name@-${version} PRIVATE CURL::libcurl ${CMAKE_DL_LIBS})
