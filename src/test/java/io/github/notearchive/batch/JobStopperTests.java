package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JobStopperTests {

    private final JobStopper gate = new JobStopper();

    @Test
    void keepsTheFirstReason() {
        gate.open();
        assertThat(gate.isClosed()).isFalse();

        assertThat(gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable"))
                .isTrue();
        assertThat(gate.close(ExitCode.FAILED, "later")).isFalse();

        assertThat(gate.stopReason())
                .contains(new StopReason(ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable"));
    }

    @Test
    void staysClosedAfterASignalBeforeTheJob() {
        gate.interrupt("SIGTERM");

        gate.open();

        assertThat(gate.stopReason()).contains(new StopReason(ExitCode.INTERRUPTED, "SIGTERM"));
    }

    @Test
    void opensForTheNextJob() {
        gate.open();
        gate.close(ExitCode.INTERRUPTED, "the time box");

        gate.open();

        assertThat(gate.isClosed()).isFalse();
    }
}
