package io.github.notearchive.io;

import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;

/** Tells a database that is away from a mistake of ours, and says in a line what went wrong. */
public final class DatabaseErrors {

    /** The driver's words where it does not say why; the cause of its exception does. */
    private static final String NO_CONNECTION = "The connection attempt failed";

    private static final Set<String> UNDONE = Set.of("40P01", "40001", "57014");

    private DatabaseErrors() {}

    /** Whether a database that is out of reach, or going down, stands behind an exception. */
    public static boolean isOutOfReach(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException e && e.getSQLState() != null) {
                return isConnectionState(e.getSQLState());
            }
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TransactionSystemException end && end.getApplicationException() != null) {
                // the rollback failed after this one, over the same lost connection
                return isOutOfReach(end.getApplicationException());
            }
            if (cause instanceof DataAccessResourceFailureException
                    || cause instanceof RecoverableDataAccessException
                    || cause instanceof TransientDataAccessResourceException
                    || cause instanceof CannotCreateTransactionException) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether PostgreSQL undid a statement for the sake of other sessions, so that the same one may succeed at once:
     * 40P01 (deadlock), 40001 (serialization failure), 57014 (cancelled).
     */
    public static boolean isUndone(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException e && e.getSQLState() != null) {
                return UNDONE.contains(e.getSQLState());
            }
        }
        return false;
    }

    /**
     * Whether the database refuses the account: a wrong login (class 28), no such database (3D000) or a missing
     * privilege (42501).
     */
    public static boolean isRefused(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException e && e.getSQLState() != null) {
                String state = e.getSQLState();
                return state.startsWith("28") || state.equals("3D000") || state.equals("42501");
            }
        }
        return false;
    }

    /**
     * Classes 08 (connection), 53 (resources), 57P (shutdown) and 58 (system) of PostgreSQL's error codes, 25006 (read
     * only) and 55P03 (a lock that another session does not give back).
     */
    private static boolean isConnectionState(@Nullable String state) {
        return state != null
                && (state.startsWith("08")
                        || state.startsWith("53")
                        || state.startsWith("57P")
                        || state.startsWith("58")
                        || state.equals("25006")
                        || state.equals("55P03"));
    }

    /**
     * The deepest cause in a line. For a database that is out of reach, the driver's own words, since only they name
     * the host.
     */
    public static String describe(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof PSQLException e && isConnectionState(e.getSQLState()))) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        String line =
                message == null ? "" : message.lines().findFirst().orElse("").strip();
        String words = line.isEmpty() ? cause.getClass().getSimpleName() : line;
        return cause.getCause() == null || !words.startsWith(NO_CONNECTION)
                ? words
                : words.replaceFirst("\\.$", "") + ": " + deepest(cause);
    }

    /** The deepest cause of all, in a few words. */
    private static String deepest(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        String said = message == null ? cause.getClass().getSimpleName() : message;
        return cause instanceof UnknownHostException ? "unknown host " + said : said;
    }
}
