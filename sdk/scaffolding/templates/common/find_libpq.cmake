
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
target_link_libraries(@name@-${version} PRIVATE PkgConfig::LIBPQ)
