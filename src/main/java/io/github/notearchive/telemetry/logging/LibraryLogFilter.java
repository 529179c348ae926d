package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.EventArgUtil;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import java.nio.file.FileSystemException;
import java.util.List;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Filters what libraries log.
 *
 * <p>Lines below WARN are suppressed, at any configured level, if they contain secrets: the HTTP client logs URLs with
 * the provider's token, the database driver logs responses with signed URLs as statement parameters.
 *
 * <p>Warnings and errors of Spring Batch, the transaction manager and the connection pool that are caused by an
 * unavailable or refusing database are suppressed: each worker, step and job would log a stack trace, and the command
 * reports the outage itself. File system errors of the embedded S3 server are logged in one line. Other lines pass
 * unchanged.
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
        if (cause != null && isOf(DATABASE_CLIENTS, logger)) {
            boolean isOutage = DatabaseErrors.isUnavailable(cause) || DatabaseErrors.isRefused(cause);
            return isOutage ? FilterReply.DENY : FilterReply.NEUTRAL;
        }
        if (logger.getName().startsWith(EMBEDDED_SERVER)) {
            int file = ExceptionUtils.indexOfType(cause, FileSystemException.class);
            if (file >= 0) {
                logger.getLoggerContext()
                        .getLogger(LibraryLogFilter.class)
                        .warn("Embedded S3 server: {}", String.valueOf(ExceptionUtils.getThrowables(cause)[file]));
                return FilterReply.DENY;
            }
        }
        return FilterReply.NEUTRAL;
    }

    private static boolean isOf(List<String> libraries, Logger logger) {
        return libraries.stream().anyMatch(logger.getName()::startsWith);
    }
}
