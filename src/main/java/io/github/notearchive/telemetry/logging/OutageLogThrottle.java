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
 * Throttles what libraries log during an outage, where each worker, step, job and request logs a stack trace.
 *
 * <p>Warnings and errors of Spring Batch, the transaction manager and the connection pool that are caused by an
 * unavailable or refusing database are replaced by one line a minute without a stack trace, which includes the number
 * of suppressed ones. The same applies to file system errors of the embedded S3 server. Other lines pass unchanged.
 */
public final class OutageLogThrottle extends TurboFilter {

    private static final List<String> DATABASE_CLIENTS =
            List.of("org.springframework.batch.core", "org.springframework.transaction", "com.zaxxer.hikari");

    private static final String EMBEDDED_SERVER = "org.gaul.shaded.org.eclipse.jetty";

    private static final Duration PERIOD = Duration.ofMinutes(1);

    private final LongSupplier nanoTime;
    private final Period database = new Period();
    private final Period files = new Period();

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
        String name = logger.getName();
        String outage = null;
        Period period = database;
        if (DATABASE_CLIENTS.stream().anyMatch(name::startsWith)) {
            outage = databaseOutage(cause);
        } else if (name.startsWith(EMBEDDED_SERVER)) {
            outage = fileError(cause);
            period = files;
        }
        if (outage == null) {
            return FilterReply.NEUTRAL;
        }
        String message =
                String.valueOf(MessageFormatter.arrayFormat(format, parameters).getMessage());
        log(period, logger, level, outage, message);
        return FilterReply.DENY;
    }

    private static @Nullable String databaseOutage(Throwable failure) {
        if (DatabaseErrors.isRefused(failure)) {
            return "Database refuses the account: " + DatabaseErrors.summary(failure);
        }
        return DatabaseErrors.isUnavailable(failure)
                ? "Database unavailable: " + DatabaseErrors.summary(failure)
                : null;
    }

    private static @Nullable String fileError(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof FileSystemException e) {
                return "Embedded S3 server cannot access its files: " + e;
            }
        }
        return null;
    }

    /** A minute in which further lines of the same kind are only counted. */
    private static final class Period {

        private boolean started;
        private long startedAt;
        private long suppressed;

        /** Returns the number of lines suppressed since the last one, or -1 to suppress this one too. */
        synchronized long admit(long now) {
            if (started && now - startedAt < PERIOD.toNanos()) {
                suppressed++;
                return -1;
            }
            long before = suppressed;
            suppressed = 0;
            started = true;
            startedAt = now;
            return before;
        }
    }

    private void log(Period period, Logger library, Level level, String outage, String message) {
        long suppressed = period.admit(nanoTime.getAsLong());
        if (suppressed < 0) {
            return;
        }
        String name = library.getName().substring(library.getName().lastIndexOf('.') + 1);
        String line = "%s. %s: %s%s. Similar lines are suppressed for a minute"
                .formatted(
                        outage, name, message, suppressed == 0 ? "" : "; " + suppressed + " similar lines suppressed");
        Logger logger = library.getLoggerContext().getLogger(OutageLogThrottle.class);
        if (level.isGreaterOrEqual(Level.ERROR)) {
            logger.error("{}", line);
        } else {
            logger.warn("{}", line);
        }
    }

    /** Returns the exception that SLF4J accepts as the last parameter of a message. */
    private static @Nullable Throwable last(Object @Nullable [] parameters) {
        return parameters != null
                        && parameters.length > 0
                        && parameters[parameters.length - 1] instanceof Throwable failure
                ? failure
                : null;
    }
}
