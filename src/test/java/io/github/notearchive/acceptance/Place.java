package io.github.notearchive.acceptance;

/** Kind of servers that hold rows and objects. */
enum Place {

    /** PostgreSQL and S3 inside the process of the program, over its data directory. */
    EMBEDDED,

    /** Servers outside of the process, as in production. */
    OUTSIDE
}
