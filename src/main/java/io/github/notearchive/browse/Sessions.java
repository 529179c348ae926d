package io.github.notearchive.browse;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/**
 * Tokens of links, which are valid once, and the sessions they are exchanged for. Both are random 256-bit values in
 * memory, which the end of the process invalidates. Thread-safe.
 */
@Component
public final class Sessions {

    /** Name of the cookie. */
    static final String COOKIE = "note_archive";

    static final Duration VALIDITY = Duration.ofHours(12);

    private static final Duration TOKEN_VALIDITY = Duration.ofMinutes(10);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Clock clock;
    private final Map<String, Instant> tokens = new HashMap<>();
    private final Map<String, Instant> sessions = new ConcurrentHashMap<>();
    private Runnable onEnter = () -> {};

    Sessions(Clock clock) {
        this.clock = clock;
    }

    /** Returns the path of a new link, which is valid for ten minutes. */
    public synchronized String link() {
        removeExpired(tokens);
        String token = random();
        tokens.put(token, clock.instant().plus(TOKEN_VALIDITY));
        return "/enter?token=" + token;
    }

    /** Sets what is done after a link was used. */
    public synchronized void onEnter(Runnable action) {
        onEnter = action;
    }

    /** Exchanges a token for a session; empty if the token is unknown, used or expired. */
    synchronized Optional<String> enter(String given) {
        removeExpired(tokens);
        byte[] bytes = given.getBytes(StandardCharsets.UTF_8);
        Optional<String> known = tokens.keySet().stream()
                .filter(token -> MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8), bytes))
                .findFirst();
        if (known.isEmpty()) {
            return known;
        }
        tokens.remove(known.get());
        removeExpired(sessions);
        String session = random();
        sessions.put(session, clock.instant().plus(VALIDITY));
        onEnter.run();
        return Optional.of(session);
    }

    boolean isValid(String session) {
        Instant end = sessions.get(session);
        return end != null && clock.instant().isBefore(end);
    }

    private void removeExpired(Map<String, Instant> ends) {
        Instant now = clock.instant();
        ends.values().removeIf(end -> !end.isAfter(now));
    }

    private static String random() {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
