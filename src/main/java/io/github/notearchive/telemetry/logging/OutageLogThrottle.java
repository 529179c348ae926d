package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.github.notearchive.io.DatabaseErrors;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.helpers.MessageFormatter;

/**
 * Says once that the database is out of reach or refuses the account, or that the embedded S3 server cannot write,
 * where libraries say it for each worker, step, job and request, each time with a stack trace.
 *
 * <p>Of all that Spring Batch, the transactions and the connection pool log as a warning or an error with such an
 * outage behind it, one line a minute is left, in our own words and without a trace; the others are counted, and the
 * next line says how many there were. The same holds for what the S3 server's HTTP library logs of a file system that
 * refuses it. Whatever has another cause, or none, is logged as it is.
 */
public final class OutageLogThrottle extends TurboFilter {

    private static final List<String> LIBRARIES =
            List.of("org.springframework.batch.core", "org.springframework.transaction", "com.zaxxer.hikari");

    private static final Duration QUIET = Duration.ofMinutes(1);

    private static final String SERVER = "org.gaul.shaded.org.eclipse.jetty";

    private final LongSupplier nanoTime;
    private final Quiet ofDatabase = new Quiet();
    private final Quiet ofFiles = new Quiet();

    public OutageLogThrottle() {
        this(System::nanoTime);
    }

    OutageLogThrottle(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] parameters,
            @Nullable Throwable failure) {
        if (!level.isGreaterOrEqual(Level.WARN) || !level.isGreaterOrEqual(logger.getEffectiveLevel())) {
            return FilterReply.NEUTRAL;
        }
        Throwable cause = failure == null ? last(parameters) : failure;
        if (cause == null) {
            return FilterReply.NEUTRAL;
        }
        if (LIBRARIES.stream().anyMatch(logger.getName()::startsWith)
                && (DatabaseErrors.isOutOfReach(cause) || DatabaseErrors.isRefused(cause))) {
            String what =
                    (DatabaseErrors.isRefused(cause) ? "The database refuses us: " : "The database is out of reach: ")
                            + DatabaseErrors.describe(cause);
            say(ofDatabase, logger, level, what, said(format, parameters));
            return FilterReply.DENY;
        }
        FileSystemException refused = logger.getName().startsWith(SERVER) ? refused(cause) : null;
        if (refused != null) {
            String what = "The embedded S3 server cannot use its files: " + refused;
            say(ofFiles, logger, level, what, said(format, parameters));
            return FilterReply.DENY;
        }
        return FilterReply.NEUTRAL;
    }

    private static String said(@Nullable String format, Object @Nullable [] parameters) {
        return String.valueOf(MessageFormatter.arrayFormat(format, parameters).getMessage());
    }

    private static @Nullable FileSystemException refused(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof FileSystemException refused) {
                return refused;
            }
        }
        return null;
    }

    /** A minute in which more of the same is only counted. */
    private static final class Quiet {

        private boolean begun;
        private long since;
        private long notShown;

        /** How many were not shown before this one; -1 when this one is not to be shown either. */
        synchronized long passes(long now) {
            if (begun && now - since < QUIET.toNanos()) {
                notShown++;
                return -1;
            }
            long before = notShown;
            notShown = 0;
            begun = true;
            since = now;
            return before;
        }
    }

    private void say(Quiet quiet, Logger library, Level level, String what, String said) {
        long before = quiet.passes(nanoTime.getAsLong());
        if (before < 0) {
            return;
        }
        String line = what
                + ". "
                + simpleName(library)
                + " says: "
                + said
                + (before == 0 ? "" : "; " + before + " more like it were not shown before this one")
                + ". Others like it are not shown for a minute";
        Logger ours = library.getLoggerContext().getLogger(OutageLogThrottle.class);
        if (level.isGreaterOrEqual(Level.ERROR)) {
            ours.error("{}", line);
        } else {
            ours.warn("{}", line);
        }
    }

    /** An exception may stand behind the parameters of a message. */
    private static @Nullable Throwable last(Object @Nullable [] parameters) {
        return parameters != null
                        && parameters.length > 0
                        && parameters[parameters.length - 1] instanceof Throwable failure
                ? failure
                : null;
    }

    private static String simpleName(Logger logger) {
        return logger.getName().substring(logger.getName().lastIndexOf('.') + 1);
    }
}
