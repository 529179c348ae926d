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
        assertThat(sessions.enter(used)).isPresent();
        assertThat(sessions.enter(used)).isEmpty();
        assertThat(sessions.enter("")).isEmpty();

        clock.set(Instant.now().plus(Duration.ofSeconds(601)));

        assertThat(sessions.enter(late)).isEmpty();
    }

    @Test
    void sessionIsValidForTwelveHours() {
        String session = sessions.enter(token()).orElseThrow();
        assertThat(sessions.isValid(session)).isTrue();
        assertThat(sessions.isValid(token())).as("a token is no session").isFalse();

        clock.set(Instant.now().plus(Duration.ofHours(12)));

        assertThat(sessions.isValid(session)).isFalse();
    }

    private String token() {
        return sessions.link().replace("/enter?token=", "");
    }
}
