package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.ExitCode;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** What is looked at before a run decides alone whether it begins. */
@NightlyJobTest
class StartChecksTests {

    private static final Instant MIDNIGHT = Instant.parse("2026-03-10T16:00:00Z");

    @Autowired
    NightlyScenario night;

    @Autowired
    NightlyJobRunner runner;

    @Autowired
    QuotaHolds gate;

    @Test
    void nothingInTheWayIsTheNightAndTheCallsThatItHasMade() {
        night.pending(1);

        StartChecks.Decision clearance = decision(false);

        assertThat(clearance)
                .asInstanceOf(type(StartChecks.Decision.Granted.class))
                .satisfies(granted -> {
                    assertThat(granted.tonight().ends()).isEqualTo(MIDNIGHT);
                    assertThat(granted.made().all()).isZero();
                });
        assertThat(night.calls()).isZero();
    }

    @Test
    void aClosedGateDeniesItUnlessItIsForced() {
        gate.close(303, "code 303", MIDNIGHT, 1);

        assertThat(decision(false))
                .asInstanceOf(type(StartChecks.Decision.Denied.class))
                .extracting(denied -> denied.refusal().exitCode())
                .isEqualTo(ExitCode.QUOTA_EXHAUSTED);
        assertThat(decision(true)).isInstanceOf(StartChecks.Decision.Granted.class);
    }

    private StartChecks.Decision decision(boolean force) {
        try (var parts = runner.parts(new RunOptions(null, null, force, "main"))) {
            return parts.getBean(StartChecks.class).decide();
        }
    }
}
