package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Keeps libraries from logging what passes through them, at any level that is set: the provider's token is part of the
 * addresses that the HTTP client asks for, and an answer, whose addresses are signed, is a parameter of statements.
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
        // most are not logged by their level, and are asked about many times for each request
        return level.isGreaterOrEqual(logger.getEffectiveLevel())
                        && !level.isGreaterOrEqual(Level.WARN)
                        && isCarrier(logger.getName())
                ? FilterReply.DENY
                : FilterReply.NEUTRAL;
    }

    private static boolean isCarrier(String name) {
        for (String carrier : CARRIERS) {
            if (name.startsWith(carrier)) {
                return true;
            }
        }
        return false;
    }
}
