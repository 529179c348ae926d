package io.github.notearchive.io.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DisplayFormatTests {

    @Test
    void timesAreInShanghai() {
        Instant instant = Instant.parse("2026-11-25T16:00:59Z");

        assertThat(DisplayFormat.minute(instant)).isEqualTo("2026-11-26 00:00");
        assertThat(DisplayFormat.second(instant)).isEqualTo("2026-11-26 00:00:59");
        assertThat(DisplayFormat.minute(null)).isEqualTo("-");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0.0 s",
        "PT0.999S, 0.9 s",
        "PT59.95S, 59.9 s",
        "PT1M, 1 min 0 s",
        "PT59M59S, 59 min 59 s",
        "PT30H5M, 30 h 5 min"
    })
    void durationsAreShownByTheirTwoLargestUnits(Duration duration, String shown) {
        assertThat(DisplayFormat.took(duration)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s",
        "PT0.09S, 90ms",
        "PT0.0000001S, 100ns",
        "PT1M30S, 90s",
        "PT1H30M, 90m",
        "PT6H, 6h",
        "PT720H, 30d",
        "PT-5M, -5m"
    })
    void settingsAreShownAsTheyAreWritten(Duration duration, String shown) {
        assertThat(DisplayFormat.setting(duration)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "999, 999 B",
        "1000, 1.0 KB",
        "999949, 999.9 KB",
        "999950, 1.0 MB",
        "999999, 1.0 MB",
        "1549999, 1.5 MB",
        "999999999, 1.0 GB",
        "4000000000, 4.0 GB",
        "9000000000000000, 9000.0 TB"
    })
    void sizesAreShownInTheUnitThatFits(long bytes, String shown) {
        assertThat(DisplayFormat.size(bytes)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({
        "CNY, 0, CNY 0.00",
        "CNY, 2.850, CNY 2.85",
        "CNY, 0.0125, CNY 0.0125",
        "USD, 1234567.5, 'USD 1,234,567.50'",
        "JPY, 1200, 'JPY 1,200'",
        "CNY, 1E+3, 'CNY 1,000.00'"
    })
    void amountsAreExact(Currency currency, BigDecimal amount, String shown) {
        assertThat(DisplayFormat.money(currency, amount)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({"1, 100.0 %", "0.99999, 99.9 %", "0.9834, 98.3 %", "0, 0.0 %"})
    void onlyAllNotesAreAHundredPercent(double share, String shown) {
        assertThat(DisplayFormat.percent(share)).isEqualTo(shown);
    }

    @Test
    void sizesHaveAPointInEveryLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            assertThat(DisplayFormat.size(1500)).isEqualTo("1.5 KB");
        } finally {
            Locale.setDefault(before);
        }
    }
}
