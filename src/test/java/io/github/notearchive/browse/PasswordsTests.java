package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.nightly.MovableClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.security.authentication.LockedException;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** Limit of wrong passwords. */
class PasswordsTests {

    private final MovableClock clock = new MovableClock();
    private final Passwords passwords = new Passwords(clock);
    private final String hash = new BCryptPasswordEncoder(4).encode("right");

    @Test
    void tenWrongPasswordsStopComparisonsForAMinute() {
        assertThat(passwords.matches("right", hash)).isTrue();
        for (int i = 0; i < 10; i++) {
            assertThat(passwords.matches("wrong" + i, hash)).isFalse();
        }

        assertThatExceptionOfType(LockedException.class).isThrownBy(() -> passwords.matches("other", hash));
        assertThat(passwords.matches("right", hash)).as("accepted before").isTrue();

        clock.set(Instant.now().plus(Duration.ofSeconds(61)));

        assertThat(passwords.matches("other", hash)).isFalse();
    }
}
