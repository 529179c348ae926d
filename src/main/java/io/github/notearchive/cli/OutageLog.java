package io.github.notearchive.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.github.notearchive.job.Trouble;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.helpers.MessageFormatter;

/**
 * Says once that the database is out of reach, where libraries say it for each worker, step and
 * job, each time with a stack trace.
 *
 * <p>Of all that Spring Batch, the transactions and the connection pool log as a warning or an
 * error with such an outage behind it, one line a minute is left, in our own words and without a
 * trace; the others are counted, and the next line says how many there were. Whatever has another
 * cause, or none, is logged as it is.
 */
public final class OutageLog extends TurboFilter {

    private static final List<String> LIBRARIES =
            List.of(
                    "org.springframework.batch.core",
                    "org.springframework.transaction",
                    "com.zaxxer.hikari");

    private static final Duration QUIET = Duration.ofMinutes(1);

    private final LongSupplier nanoTime;
    private boolean isQuiet;
    private long since;
    private long notShown;

    public OutageLog() {
        this(System::nanoTime);
    }

    OutageLog(LongSupplier nanoTime) {
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
        if (!level.isGreaterOrEqual(Level.WARN)
                || !level.isGreaterOrEqual(logger.getEffectiveLevel())
                || !isOfALibrary(logger.getName())) {
            return FilterReply.NEUTRAL;
        }
        Throwable cause = failure == null ? last(parameters) : failure;
        if (cause == null || !Trouble.isOutOfReach(cause)) {
            return FilterReply.NEUTRAL;
        }
        String said = MessageFormatter.arrayFormat(format, parameters).getMessage();
        say(logger, level, String.valueOf(said), cause);
        return FilterReply.DENY;
    }

    private void say(Logger library, Level level, String said, Throwable cause) {
        long before;
        synchronized (this) {
            long now = nanoTime.getAsLong();
            if (isQuiet && now - since < QUIET.toNanos()) {
                notShown++;
                return;
            }
            before = notShown;
            notShown = 0;
            isQuiet = true;
            since = now;
        }
        String line =
                "The database is out of reach: "
                        + Trouble.describe(cause)
                        + ". "
                        + simpleName(library)
                        + " says: "
                        + said
                        + (before == 0
                                ? ""
                                : "; " + before + " more like it were not shown before this one")
                        + ". Others like it are not shown for a minute";
        Logger ours = library.getLoggerContext().getLogger(OutageLog.class);
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

    private static boolean isOfALibrary(String name) {
        for (String library : LIBRARIES) {
            if (name.startsWith(library)) {
                return true;
            }
        }
        return false;
    }
}
