package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Suppresses log lines of libraries below WARN, at any configured level, since they contain secrets: the HTTP client
 * logs URLs with the provider's token, the database driver logs responses with signed URLs as statement parameters.
 */
public final class SecretLogFilter extends TurboFilter {

    private static final List<String> CARRIERS = List.of(
            "org.apache.hc",
            "org.postgresql",
            "org.springframework.jdbc.core",
            "okhttp3",
            "org.eclipse.jetty",
            "org.gaul.shaded.org.eclipse.jetty");

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] parameters,
            @Nullable Throwable failure) {
        // the level first: this method is called many times for each request
        return level.isGreaterOrEqual(logger.getEffectiveLevel())
                        && !level.isGreaterOrEqual(Level.WARN)
                        && CARRIERS.stream().anyMatch(logger.getName()::startsWith)
                ? FilterReply.DENY
                : FilterReply.NEUTRAL;
    }
}
