package io.github.notearchive.io.jdbc;

/** Advisory locks of running nodes, as PostgreSQL shows them to other sessions. */
public final class NodeLocks {

    /** Group of the locks, one per node. */
    public static final String GROUP = "note-archive";

    /** Prefix of the application name of connections with a lock of this group, before the node. */
    public static final String APPLICATION = GROUP + " runner ";

    /** Condition: row {@code l} of {@code pg_locks} is a granted lock of {@code :group}. */
    public static final String OF_GROUP = """
            l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.classid = hashtext(:group)::oid
            """;

    private NodeLocks() {}
}
