package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.nightly.MovableClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Links are valid once and for ten minutes, sessions for twelve hours. */
class SessionsTests {

    private final MovableClock clock = new MovableClock();
    private final Sessions sessions = new Sessions(clock);

    @Test
    void linkIsValidOnceAndForTenMinutes() {
        String used = token();
        String late = token();
        enter(used);
        assertRefused(used);
        assertRefused("");

        clock.set(Instant.now().plus(Duration.ofSeconds(601)));

        assertRefused(late);
    }

    @Test
    void sessionIsValidForTwelveHours() {
        String session = enter(token());
        assertThat(sessions.isValid(session)).isTrue();
        assertThat(sessions.isValid(token())).as("a token is no session").isFalse();

        clock.set(Instant.now().plus(Duration.ofHours(12)));

        assertThat(sessions.isValid(session)).isFalse();
    }

    private String token() {
        return sessions.link().replace("/enter?token=", "");
    }

    /** Returns the value of the cookie. */
    private String enter(String token) {
        return sessions.enter(token).orElseThrow().getValue();
    }

    private void assertRefused(String token) {
        assertThat(sessions.isOpen(token)).isFalse();
        assertThat(sessions.enter(token)).isEmpty();
    }
}
