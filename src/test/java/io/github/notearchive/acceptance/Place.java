package io.github.notearchive.acceptance;

/** Kind of servers that hold rows and objects. */
enum Place {

    /** PostgreSQL and S3 in the process of the data directory. */
    EMBEDDED,

    /** Servers of their own, as in production. */
    OUTSIDE
}
