package io.github.notearchive.nightly;

import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Our own limit of calls in a night. */
@NightlyJobTest
@TestPropertySource(properties = {"archive.workers=64", "archive.source.calls-per-night=10"})
class NightlyLimitTests {

    @Autowired
    NightlyScenario night;

    @Test
    void ownLimitOfCallsEndsTheNightAndForceDoesNotLiftIt() {
        List<String> notes = night.pending(25);

        night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(night.calls()).isEqualTo(10);
        assertThat(night.archived()).hasSize(10);
        assertThat(night.exitCodes()).containsExactly("QUOTA_EXHAUSTED");
        assertThat(night.count("SELECT count(*) FROM source_gate")).isZero();
        assertThat(night.claims()).isZero();

        RunSummary forced = night.force();

        assertEnded(forced, ExitCode.QUOTA_EXHAUSTED);
        assertThat(forced.execution()).isNull();
        assertThat(night.calls()).isEqualTo(10);

        night.isNextDay();
        night.run(ExitCode.QUOTA_EXHAUSTED);
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, 25);
        assertThat(night.instances()).hasSize(1);
    }

    @Test
    void sixtyFourWorkersThatAllStopAtOnceAtTheLimitEndTheRunByIt() {
        List<String> notes = night.pending(128);

        RunSummary run = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(run.exitCode().number()).isEqualTo(3);
        assertThat(night.calls()).isEqualTo(10);
        assertThat(night.archived()).hasSize(10);
        assertThat(notes).hasSize(128);
        assertThat(night.claims()).isZero();
    }
}
