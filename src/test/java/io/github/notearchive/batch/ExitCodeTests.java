package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExitCodeTests {

    @Test
    void keepsNumbersAndNames() {
        assertThat(Arrays.stream(ExitCode.values()).map(code -> code + " " + code.number()))
                .containsExactlyInAnyOrder(
                        "COMPLETED 0",
                        "FAILED 1",
                        "USAGE 2",
                        "QUOTA_EXHAUSTED 3",
                        "BLOCKED_TOKEN 4",
                        "BLOCKED_PERMISSION 4",
                        "BLOCKED_BALANCE 4",
                        "ALREADY_RUNNING 5",
                        "INCOMPLETE 6",
                        "FINDINGS 6",
                        "INTERRUPTED 7",
                        "UPSTREAM_UNAVAILABLE 8");
        assertThat(ExitCode.named("FINDINGS")).isEqualTo(ExitCode.FINDINGS);
        assertThat(ExitCode.named("UNKNOWN")).isEqualTo(ExitCode.FAILED);
    }

    @Test
    void reportsThatNothingWasBoughtOnlyForARunThatWasNotStarted() {
        assertThat(ExitCode.USAGE.nextIfNotStarted())
                .isEqualTo("correct the configuration, then run again; nothing was bought");
        assertThat(ExitCode.values()).allSatisfy(code -> assertThat(code.next()).doesNotContain("nothing was bought"));
    }
}
