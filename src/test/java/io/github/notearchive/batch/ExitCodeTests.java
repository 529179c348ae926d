package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ExitCodeTests {

    @Test
    void keepsNumbersAndNames() {
        assertThat(Arrays.stream(ExitCode.values()).collect(Collectors.toMap(Enum::name, ExitCode::number)))
                .isEqualTo(Map.ofEntries(
                        Map.entry("COMPLETED", 0),
                        Map.entry("FAILED", 1),
                        Map.entry("USAGE", 2),
                        Map.entry("QUOTA_EXHAUSTED", 3),
                        Map.entry("BLOCKED_TOKEN", 4),
                        Map.entry("BLOCKED_PERMISSION", 4),
                        Map.entry("BLOCKED_BALANCE", 4),
                        Map.entry("ALREADY_RUNNING", 5),
                        Map.entry("INCOMPLETE", 6),
                        Map.entry("FINDINGS", 6),
                        Map.entry("INTERRUPTED", 7),
                        Map.entry("UPSTREAM_UNAVAILABLE", 8)));
    }

    @Test
    void findsTheCodeOfAName() {
        for (ExitCode code : ExitCode.values()) {
            assertThat(ExitCode.named(code.name())).isEqualTo(code);
        }
        assertThat(ExitCode.named("UNKNOWN")).isEqualTo(ExitCode.FAILED);
    }

    @Test
    void reportsThatNothingWasBoughtOnlyForARunThatWasNotStarted() {
        assertThat(ExitCode.USAGE.nextIfNotStarted())
                .isEqualTo("correct the configuration, then run again; nothing was bought");
        for (ExitCode code : ExitCode.values()) {
            assertThat(code.next()).doesNotContain("nothing was bought");
        }
    }
}
