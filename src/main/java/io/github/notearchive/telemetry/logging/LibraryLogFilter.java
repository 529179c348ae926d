package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.EventArgUtil;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.github.notearchive.io.DatabaseErrors;
import java.nio.file.FileSystemException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.helpers.MessageFormatter;

/**
 * Filters what libraries log.
 *
 * <p>Lines below WARN are suppressed, at any configured level, if they contain secrets: the HTTP client logs URLs with
 * the provider's token, the database driver logs responses with signed URLs as statement parameters.
 *
 * <p>During an outage each worker, step, job and request logs a stack trace. Warnings and errors of Spring Batch, the
 * transaction manager and the connection pool that are caused by an unavailable or refusing database are replaced by
 * one line a minute without a stack trace. The same applies to file system errors of the embedded S3 server. Other
 * lines pass unchanged.
 */
public final class LibraryLogFilter extends TurboFilter {

    private static final String EMBEDDED_SERVER = "org.gaul.shaded.org.eclipse.jetty";
    private static final List<String> CARRIERS_OF_SECRETS = List.of(
            "org.apache.hc",
            "org.postgresql",
            "org.springframework.jdbc.core",
            "okhttp3",
            "org.eclipse.jetty",
            EMBEDDED_SERVER);
    private static final List<String> DATABASE_CLIENTS =
            List.of("org.springframework.batch.core", "org.springframework.transaction", "com.zaxxer.hikari");
    private static final long PERIOD = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier nanoTime;
    private final Map<Boolean, Long> lastLines = new HashMap<>();

    public LibraryLogFilter() {
        this(System::nanoTime);
    }

    LibraryLogFilter(LongSupplier nanoTime) {
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
        // the level first: this method is called many times for each request
        if (!level.isGreaterOrEqual(logger.getEffectiveLevel())) {
            return FilterReply.NEUTRAL;
        }
        if (!level.isGreaterOrEqual(Level.WARN)) {
            return isOf(CARRIERS_OF_SECRETS, logger) ? FilterReply.DENY : FilterReply.NEUTRAL;
        }
        Throwable cause = failure == null ? EventArgUtil.extractThrowable(parameters) : failure;
        boolean isOfServer = logger.getName().startsWith(EMBEDDED_SERVER);
        String outage = cause == null
                ? null
                : isOfServer ? fileError(cause) : isOf(DATABASE_CLIENTS, logger) ? databaseOutage(cause) : null;
        if (outage == null) {
            return FilterReply.NEUTRAL;
        }
        if (isDue(isOfServer, nanoTime.getAsLong())) {
            String name = logger.getName().substring(logger.getName().lastIndexOf('.') + 1);
            String message = MessageFormatter.arrayFormat(format, parameters).getMessage();
            logger.getLoggerContext()
                    .getLogger(LibraryLogFilter.class)
                    .atLevel(org.slf4j.event.Level.valueOf(level.toString()))
                    .log("{}. {}: {}. Similar lines are suppressed for a minute", outage, name, message);
        }
        return FilterReply.DENY;
    }

    private synchronized boolean isDue(boolean isOfServer, long now) {
        Long last = lastLines.get(isOfServer);
        boolean isDue = last == null || now - last >= PERIOD;
        if (isDue) {
            lastLines.put(isOfServer, now);
        }
        return isDue;
    }

    private static boolean isOf(List<String> libraries, Logger logger) {
        return libraries.stream().anyMatch(logger.getName()::startsWith);
    }

    private static @Nullable String databaseOutage(Throwable failure) {
        return DatabaseErrors.isRefused(failure)
                ? "Database refuses the account: " + DatabaseErrors.summary(failure)
                : DatabaseErrors.isUnavailable(failure)
                        ? "Database unavailable: " + DatabaseErrors.summary(failure)
                        : null;
    }

    private static @Nullable String fileError(Throwable failure) {
        int cause = ExceptionUtils.indexOfType(failure, FileSystemException.class);
        return cause < 0
                ? null
                : "Embedded S3 server cannot access its files: " + ExceptionUtils.getThrowables(failure)[cause];
    }
}
