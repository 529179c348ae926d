package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.nightly.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.LockedException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.web.authentication.WebAuthenticationDetails;

/** Limit of wrong passwords. */
class PasswordsTests {

    private static final String ATTACKER = "192.0.2.1";
    private static final String READER = "192.0.2.2";
    private static final String HASH = new BCryptPasswordEncoder(4).encode("right");

    private final MovableClock clock = new MovableClock();
    private final Passwords passwords =
            new Passwords(List.of("# readers", "", "reader:" + HASH, "late:" + HASH), clock);

    @Test
    void tenWrongPasswordsOfAClientStopItsComparisonsForAMinute() {
        assertThat(login(ATTACKER, "reader", "right")).isTrue();
        for (int i = 0; i < 10; i++) {
            assertThat(login(ATTACKER, i % 2 == 0 ? "reader" : "stranger", "wrong" + i))
                    .isFalse();
        }

        assertLocked(ATTACKER, "late", "right");
        assertThat(login(ATTACKER, "reader", "right")).as("accepted before").isTrue();
        assertThat(login(READER, "late", "right")).as("another client").isTrue();

        clock.set(Instant.now().plus(Duration.ofSeconds(61)));

        assertThat(login(ATTACKER, "late", "wrong")).isFalse();
    }

    @Test
    void addressesOfANetworkOfIpv6AreOneClient() {
        for (int i = 0; i < 10; i++) {
            login("2001:db8:1:" + i + "::1", "reader", "wrong" + i);
        }

        assertLocked("2001:db8:1:ff::1", "reader", "right");
        assertThat(login("2001:db8:2::1", "reader", "right")).isTrue();
    }

    @Test
    void aMinuteHasAThousandClients() {
        for (int i = 0; i < 1000; i++) {
            login("10.0." + i / 250 + "." + i % 250, "reader", "wrong");
        }

        assertLocked(READER, "reader", "right");
    }

    @ParameterizedTest
    @ValueSource(strings = {"reader", "reader:right", "reader:{noop}right", ":$2y$05$"})
    void otherLinesAreRefused(String line) {
        assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
                .isThrownBy(() -> new Passwords(List.of("# readers", "", line), clock))
                .withMessageContainingAll("line 3", "htpasswd -B FILE NAME")
                .withMessageNotContaining("right");
    }

    private void assertLocked(String client, String name, String password) {
        assertThatExceptionOfType(LockedException.class).isThrownBy(() -> login(client, name, password));
    }

    private boolean login(String client, String name, String password) {
        var given = UsernamePasswordAuthenticationToken.unauthenticated(name, password);
        given.setDetails(new WebAuthenticationDetails(client, null));
        try {
            return passwords.authenticate(given).isAuthenticated();
        } catch (BadCredentialsException e) {
            return false;
        }
    }
}
