package io.github.notearchive.browse;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.lang3.RandomStringUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Tokens of links, which are valid once, and the sessions they are exchanged for. Both are random 256-bit values in
 * memory, which the end of the process invalidates. Thread-safe.
 */
@RestController
public final class Sessions {

    /** Name of the cookie. */
    static final String COOKIE = "note_archive";

    private static final Duration VALIDITY = Duration.ofHours(12);

    private static final Duration TOKEN_VALIDITY = Duration.ofMinutes(10);

    /** A path of this server, without characters that browsers read as the start of another address. */
    private static final String LOCAL = "/(?:[A-Za-z0-9?][A-Za-z0-9/?=&%._:-]*)?";

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

    /** Exchanges the token of a link for the cookie of a session, and redirects to a page. */
    @GetMapping("/enter")
    ResponseEntity<Void> enter(@RequestParam String token, @RequestParam(defaultValue = "/") String next) {
        if (!next.matches(LOCAL)) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST);
        }
        if (!isRunning(tokens.remove(token))) {
            throw new ResponseStatusException(HttpStatus.UNAUTHORIZED);
        }
        onEnter.run();
        ResponseCookie cookie = ResponseCookie.from(COOKIE, add(sessions, VALIDITY))
                .path("/")
                .httpOnly(true)
                .sameSite("Strict")
                .maxAge(VALIDITY)
                .build();
        return ResponseEntity.status(HttpStatus.SEE_OTHER)
                .header(HttpHeaders.SET_COOKIE, cookie.toString())
                .header(HttpHeaders.LOCATION, next)
                .cacheControl(CacheControl.noStore())
                .build();
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
