/* Statements on PostgreSQL by libpq, one connection for each. [any] thread. */
#ifndef DATABASE_H
#define DATABASE_H

#include <libpq-fe.h>
#include <tasker/c.h>

/* url: a libpq connection string or URI; what it leaves out, libpq takes from the environment (PGHOST, PGDATABASE, ...).
 * Values go beside the statement, never into it. The rows are for PQclear. NULL: it failed, and `out` says why: what may pass
 * by itself is retried, sql.unreachable and sql.trouble; the rest is final, sql.refused. The message has the SQLSTATE. */
PGresult *database_run(const char *url, const char *statement, int count, const char *const *values, tasker_outcome *out);

#endif
