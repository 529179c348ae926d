package io.github.notearchive.io.jdbc;

import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;

/** Classifies database exceptions as outage, rejected account or programming error. */
public final class DatabaseErrors {

    /** Message of the driver without a reason, which is in the cause. */
    private static final String NO_CONNECTION = "The connection attempt failed";

    private DatabaseErrors() {}

    /** Whether the database is unavailable or shutting down. */
    public static boolean isUnavailable(Throwable failure) {
        Optional<String> state = sqlState(failure);
        if (state.isPresent()) {
            return isUnavailable(state.get());
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TransactionSystemException end && end.getApplicationException() != null) {
                // the rollback failed after this one, over the same lost connection
                return isUnavailable(end.getApplicationException());
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
     * Whether PostgreSQL rolled a statement back because of other sessions, so that a retry may succeed at once: 40P01
     * (deadlock), 40001 (serialization failure), 57014 (cancelled).
     */
    public static boolean isUndone(Throwable failure) {
        return isOfState(failure, "40P01|40001|57014");
    }

    /** Whether another session holds a lock longer than the lock timeout of this one (55P03). */
    public static boolean isLocked(Throwable failure) {
        return isOfState(failure, "55P03");
    }

    /**
     * Whether PostgreSQL rejected values: class 0A (not supported), 21 (cardinality), 22 (data), 23 (constraint), 54
     * (limit exceeded), P0 (raised by a trigger) or XX (internal error, such as a damaged row).
     */
    static boolean isDataError(Throwable failure) {
        return isOfState(failure, "(0A|21|22|23|54|P0|XX).*");
    }

    /**
     * Whether the database rejects the account: a wrong login (class 28), a missing database (3D000) or a missing
     * privilege (42501).
     */
    public static boolean isRefused(Throwable failure) {
        return isOfState(failure, "28.*|3D000|42501");
    }

    private static boolean isOfState(Throwable failure, String states) {
        return sqlState(failure).filter(state -> state.matches(states)).isPresent();
    }

    public static Optional<String> sqlState(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException e && e.getSQLState() != null) {
                return Optional.of(e.getSQLState());
            }
        }
        return Optional.empty();
    }

    /**
     * Whether the state is of class 08 (connection), 53 (resources), 57P (shutdown) or 58 (system) of PostgreSQL's
     * error codes, 25006 (read only) or 55P03 (lock not available).
     */
    private static boolean isUnavailable(@Nullable String state) {
        return state != null && state.matches("08.*|53.*|57P.*|58.*|25006|55P03");
    }

    /**
     * Returns the deepest cause in one line; for an unavailable database the driver's message, which names the host.
     */
    public static String summary(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof PSQLException e && isUnavailable(e.getSQLState()))) {
            cause = cause.getCause();
        }
        String text = line(cause);
        if (cause.getCause() == null || !text.startsWith(NO_CONNECTION)) {
            return text;
        }
        Throwable reason = NestedExceptionUtils.getMostSpecificCause(cause);
        String unknown = reason instanceof UnknownHostException ? "unknown host " : "";
        return text.replaceFirst("\\.$", "") + ": " + unknown + line(reason);
    }

    private static String line(Throwable cause) {
        String line = cause.getMessage() == null
                ? ""
                : cause.getMessage().lines().findFirst().orElse("").strip();
        return line.isEmpty() ? cause.getClass().getSimpleName() : line;
    }
}
