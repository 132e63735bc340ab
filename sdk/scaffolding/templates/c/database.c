#include "database.h"

#include <string.h>

/* A lost connection, a collision with another transaction, a server that is short of something or going down. */
static int may_pass(const char *state) {
    static const char *const starts[] = {"08", "40", "53", "55P03", "57", "58"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; ++i)
        if (strncmp(state, starts[i], strlen(starts[i])) == 0) return 1;
    return state[0] == '\0';
}

static void say_why(const PGresult *result, tasker_outcome *out) {
    const char *found = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *state = found == NULL ? "" : found;
    if (may_pass(state))
        tasker_retry(out, 0, "sql.trouble", "%s: %s", state, PQresultErrorMessage(result));
    else
        tasker_fail(out, "sql.refused", "%s: %s", state, PQresultErrorMessage(result));
}

PGresult *database_run(const char *url, const char *statement, int count, const char *const *values, tasker_outcome *out) {
    /* What stands behind `dbname` wins: the connection string may say otherwise. */
    const char *const keys[] = {"connect_timeout", "options", "fallback_application_name", "dbname", NULL};
    const char *const settings[] = {"5", "-c statement_timeout=30000", "@namespace@/@name@", url, NULL};
    PGconn *connection = PQconnectdbParams(keys, settings, 1);
    PGresult *result = NULL;
    if (PQstatus(connection) != CONNECTION_OK) {
        tasker_retry(out, 0, "sql.unreachable", "%s", PQerrorMessage(connection));
    } else {
        result = PQexecParams(connection, statement, count, NULL, values, NULL, NULL, 0);
        if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
            say_why(result, out);
            PQclear(result);
            result = NULL;
        }
    }
    PQfinish(connection);
    return result;
}
