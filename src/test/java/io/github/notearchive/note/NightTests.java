package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

class NightTests {

    private static final Instant MIDNIGHT = Instant.parse("2026-11-25T16:00:00Z");

    @Test
    void turnsAtMidnightInShanghaiAndNotInUtc() {
        assertThat(Night.of(MIDNIGHT.minusMillis(1))).hasToString("2026-11-25");
        assertThat(Night.of(MIDNIGHT)).hasToString("2026-11-26");
        assertThat(Night.of(Instant.parse("2026-11-26T00:00:00Z"))).hasToString("2026-11-26");
    }

    @Test
    void endsWhereTheNextOneBegins() {
        Night night = new Night(LocalDate.of(2026, 11, 25));

        assertThat(night.ends())
                .isEqualTo(MIDNIGHT)
                .isEqualTo(Night.of(MIDNIGHT).begins());
        assertThat(Duration.between(night.begins(), night.ends())).hasHours(24);
        assertThat(Night.of(night.begins())).isEqualTo(night);
    }

    @Test
    void showsAnInstantAsTheProvidersPeopleReadIt() {
        assertThat(Night.local(MIDNIGHT)).isEqualTo("2026-11-26 00:00 Shanghai");
    }
}
