package io.github.notearchive.browse;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.lang3.RandomStringUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseCookie;
import org.springframework.stereotype.Component;

/**
 * Tokens of links, which are valid once, and the sessions they are exchanged for. Both are random 256-bit values in
 * memory, which the end of the process invalidates. Thread-safe.
 */
@Component
public final class Sessions {

    static final String COOKIE = "note_archive";

    private static final Duration VALIDITY = Duration.ofHours(12);

    private static final Duration TOKEN_VALIDITY = Duration.ofMinutes(10);

    private final Clock clock;
    private final Map<String, Instant> tokens = new ConcurrentHashMap<>();
    private final Map<String, Instant> sessions = new ConcurrentHashMap<>();
    private volatile Runnable onEnter = () -> {};

    Sessions(Clock clock) {
        this.clock = clock;
    }

    /** Returns the path of a new link, which is valid for ten minutes. */
    public String link() {
        return "/enter?token=" + add(tokens, TOKEN_VALIDITY);
    }

    /** Sets what is done after a link was used. */
    public void onEnter(Runnable action) {
        onEnter = action;
    }

    /** Returns whether a link was not used yet. */
    boolean isOpen(String token) {
        return isRunning(tokens.get(token));
    }

    /** Exchanges the token of a link for the cookie of a session; empty if the link is not valid. */
    Optional<ResponseCookie> enter(String token) {
        if (!isRunning(tokens.remove(token))) {
            return Optional.empty();
        }
        onEnter.run();
        return Optional.of(ResponseCookie.from(COOKIE, add(sessions, VALIDITY))
                .path("/")
                .httpOnly(true)
                .sameSite("Strict")
                .maxAge(VALIDITY)
                .build());
    }

    boolean isValid(String session) {
        return isRunning(sessions.get(session));
    }

    private boolean isRunning(@Nullable Instant end) {
        return end != null && clock.instant().isBefore(end);
    }

    private String add(Map<String, Instant> ends, Duration validity) {
        ends.values().removeIf(end -> !isRunning(end));
        String value = RandomStringUtils.secure().next(64, "0123456789abcdef");
        ends.put(value, clock.instant().plus(validity));
        return value;
    }
}
