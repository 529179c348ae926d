package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefreshPropertiesTests {

    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    @Test
    void refreshIsOffByDefault() {
        RefreshProperties settings = Settings.ofRefreshes();

        assertThat(settings.gapDays()).isEmpty();
        assertThat(settings.policy()).isEqualTo("off");
        assertThat(messages(settings)).isEmpty();
    }

    @Test
    void gapsFollowTheAges() {
        RefreshProperties settings = Settings.ofRefreshes("enabled", true, "ages", "7d,30d", "gaps", "1d,7d,30d");

        assertThat(messages(settings)).isEmpty();
        assertThat(settings.policy()).isEqualTo("ages 7d 30d; gaps 1d 7d 30d");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ages  |      | gaps            |          | must not be empty",
                "ages  | 7d   | gaps            | 1d,7d,9d | archive.refresh.gaps needs one time",
                "ages  | 9d,7d| gaps            | 1d,7d,9d | archive.refresh.ages must grow",
                "ages  | 36h  | gaps            | 1d       | archive.refresh.ages and archive.refresh.gaps are whole days",
                "share | 0    | calls-per-night | 0        | must be greater than or equal to 0.001",
                "share | 0.2  | calls-per-night | -1       | must be greater than or equal to 0"
            })
    void invalidSettingIsRejected(String first, String value, String second, String other, String message) {
        List<String> messages =
                messages(Settings.ofRefreshes(first, value == null ? "" : value, second, other == null ? "" : other));

        assertThat(messages).anyMatch(text -> text.startsWith(message));
    }

    @ParameterizedTest
    @CsvSource({
        "0,    0.2, 200, 200",
        "0,    0.2, 0,   0",
        "1000, 0.2, 0,   200",
        "1000, 0.2, 50,  50",
        "100,  0.2, 50,  20",
        "3,    0.2, 50,  1"
    })
    void smallerOfShareAndNumberApplies(int ofAll, double share, int number, int allowed) {
        assertThat(Settings.ofRefreshes("share", share, "calls-per-night", number)
                        .callsAllowed(ofAll))
                .isEqualTo(allowed);
    }

    private static List<String> messages(RefreshProperties settings) {
        return VALIDATOR.validate(settings).stream()
                .map(ConstraintViolation::getMessage)
                .toList();
    }
}
